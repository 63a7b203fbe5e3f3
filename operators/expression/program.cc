#include "penstock/operators/expression/program.h"

#include <utility>

namespace penstock::expression {

Evaluator::Evaluator(Program program)
    : program_(std::move(program)),
      registers_(program_.parts().registers),
      start_(program_.parts().instructions.data()),
      present_start_(program_.parts().present_columns == 0
                         ? start_
                         : program_.parts().present_instructions.data()),
      present_columns_(program_.parts().present_columns),
      makes_calls_(!program_.parts().infos.empty()) {
  frame_.registers = registers_.data();
  frame_.arena = &arena_;
  frame_.settings = &program_.parts().settings;
}

void Evaluator::forget_results() noexcept {
  for (std::size_t i = 0; i < program_.parts().types.size(); ++i) registers_[i] = Cell::of_null();
}

}  // namespace penstock::expression
