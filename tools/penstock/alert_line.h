// tools/penstock/alert_line.h -- an alert as a line for people: rule, card, why, how long after the payment arrived.
#pragma once

#include <string>

#include "penstock/examples/fraud/alert.h"

namespace penstock::tools {

// An encoder (io/encode/encoded_sink.h). Colours only where `coloured` says that a terminal reads them.
class AlertLine {
 public:
  explicit AlertLine(bool coloured) : coloured_(coloured) {}
  void encode(const fraud::Alert& alert, std::string& out) const;

 private:
  bool coloured_;
};

}  // namespace penstock::tools
