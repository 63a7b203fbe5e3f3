// tools/penstock/version.h -- which build this is.
#pragma once

#include <string>

namespace penstock::tools {

// "penstock 0.1.0".
std::string version_text();

}  // namespace penstock::tools
