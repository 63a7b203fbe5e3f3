#include "penstock/operators/expression/program.h"

#include <utility>

namespace penstock::expression {

Evaluator::Evaluator(Program program)
    : program_(std::move(program)),
      registers_(program_.parts().registers),
      start_(program_.parts().instructions.data()) {
  frame_.registers = registers_.data();
  frame_.arena = &arena_;
  frame_.settings = &program_.parts().settings;
}

}  // namespace penstock::expression
