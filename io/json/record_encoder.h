// io/json/record_encoder.h -- appends a record as one JSON object by a field table; what json::Encoder<T> wraps.
//
// Threads    Immutable; may be shared.
// Cost       No allocation beyond growth of the text.
#pragma once

#include <string>

#include "penstock/io/json/field_table.h"

namespace penstock::json {

// `value` is an object of the table's type.
void encode_record(const FieldTable& table, const void* value, std::string& out);

}  // namespace penstock::json
