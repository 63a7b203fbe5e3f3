// core/base/tag.h -- a value that stands for a type, so that a function can be found by that type's namespace.
#pragma once

namespace penstock {

template <class T>
struct Tag {
  using Type = T;
};

}  // namespace penstock
