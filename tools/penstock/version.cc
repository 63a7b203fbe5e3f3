#include "penstock/tools/penstock/version.h"

namespace penstock::tools {

std::string version_text() { return "penstock 0.1.0"; }

}  // namespace penstock::tools
