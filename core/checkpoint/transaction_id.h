// core/checkpoint/transaction_id.h -- the name under which a job commits its output elsewhere, in a small file of its
// folder of checkpoints: whoever goes on from there has the same name, and nobody else does.
//
// File       DIR/TRANSACTIONS: "PENSTOCK-TRANSACTIONS 1 NAME CRC\n"; NAME is "penstock-JOB-" and 16 random hex digits.
//            It is made at the first start that needs it and stays, also when the job is called otherwise later.
// Threads    No state; whoever holds the folder's lock.
// Errors     Name the file.
#pragma once

#include <string>
#include <string_view>

#include "penstock/core/base/file_system.h"
#include "penstock/core/base/status.h"

namespace penstock {

// kDataError if the file is damaged.
Result<std::string> transaction_id_of(FileSystem& file_system, const std::string& folder,
                                      std::string_view job);
// The next start makes another name. Not an error if there is none.
Status forget_transaction_id(FileSystem& file_system, const std::string& folder);

}  // namespace penstock
