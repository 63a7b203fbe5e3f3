// io/json/encoder.h -- values of T, whose fields io/json/fields.h describes, to JSON text.
//
// One object without line breaks, fields in declared order, origin and arrival left out, a std::optional without value
// left out. NaN and the infinities become null, as does an iso8601 time outside of the years 1 to 9999; text that is
// not valid UTF-8 gets U+FFFD. Floats are the shortest text that reads back equal; times are cut to their unit.
// Threads    Immutable; may be shared.
// Cost       No allocation beyond growth of the text that is appended to.
#pragma once

#include <string>

#include "penstock/io/json/fields.h"
#include "penstock/io/json/record_encoder.h"

namespace penstock::json {

template <class T>
class Encoder {
 public:
  using Value = T;

  Encoder() : table_(&field_table<T>()) {}

  // Appends; ends without a line break.
  void encode(const T& value, std::string& out) const { encode_record(*table_, &value, out); }

 private:
  const FieldTable* table_;
};

template <class T>
Encoder<T> encoder() {
  return Encoder<T>();
}

}  // namespace penstock::json
