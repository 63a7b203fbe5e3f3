#include "penstock/core/checkpoint/transaction_id.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "penstock/core/checkpoint/durable_file.h"
#include "penstock/tests/sim/sim_file_system.h"

namespace penstock {
namespace {

class TransactionIdTest : public testing::Test {
 protected:
  TransactionIdTest() { EXPECT_TRUE(create_directories_durably(files_, "/cp").ok()); }

  SimFileSystem files_{1};
};

TEST_F(TransactionIdTest, StaysOverACrashAndWhenTheJobIsCalledOtherwise) {
  const Result<std::string> id = transaction_id_of(files_, "/cp", "my job/1");
  ASSERT_TRUE(id.ok()) << id.status().to_string();
  EXPECT_THAT(*id, testing::MatchesRegex("penstock-my_job_1-[0-9a-f]{16}"));
  files_.crash();
  EXPECT_EQ(*transaction_id_of(files_, "/cp", "another"), *id);
}

TEST_F(TransactionIdTest, OfTwoFoldersDiffer) {
  ASSERT_TRUE(files_.create_directories("/other").ok());
  EXPECT_NE(*transaction_id_of(files_, "/cp", "job"), *transaction_id_of(files_, "/other", "job"));
}

TEST_F(TransactionIdTest, DamageIsNotTakenForAName) {
  ASSERT_TRUE(transaction_id_of(files_, "/cp", "job").ok());
  ASSERT_TRUE(replace_file(files_, "/cp", "TRANSACTIONS", "PENSTOCK-TRANSACTIONS 1 me 17\n").ok());
  const Status status = transaction_id_of(files_, "/cp", "job").status();
  EXPECT_EQ(status.code(), StatusCode::kDataError);
  EXPECT_THAT(status.to_string(), testing::HasSubstr("'/cp/TRANSACTIONS' is damaged"));
}

}  // namespace
}  // namespace penstock
