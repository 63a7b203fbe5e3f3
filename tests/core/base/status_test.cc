#include "penstock/core/base/status.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <memory>
#include <string>

namespace penstock {
namespace {

TEST(Status, IsOkWithoutAllocatingAnything) {
  const Status status;
  EXPECT_TRUE(status.ok());
  EXPECT_EQ(status.code(), StatusCode::kOk);
  EXPECT_EQ(status.to_string(), "ok");
  EXPECT_EQ(status.message(), "");
  EXPECT_EQ(status.exit_code(), 0);
}

TEST(Status, SaysWhatWentWrongAndKeepsSayingItWhenCopied) {
  Status copy;
  {
    const Status status = Status::invalid_argument("workers: 0 is too few; use 1 or more");
    copy = status;
  }
  EXPECT_FALSE(copy.ok());
  EXPECT_EQ(copy.code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(copy.to_string(), "invalid argument: workers: 0 is too few; use 1 or more");
}

TEST(Status, PutsAPlaceInFrontOfAnErrorButLeavesOkAlone) {
  EXPECT_EQ(Status::data_error("bad").with_place("line 7").to_string(), "data error: line 7: bad");
  EXPECT_TRUE(Status().with_place("line 7").ok());
}

TEST(Status, TranslatesErrnoIntoACodeAndKeepsThePlace) {
  EXPECT_EQ(Status::from_errno(ENOENT, "open 'x'").to_string(),
            "not found: open 'x': No such file or directory");
  EXPECT_EQ(Status::from_errno(EACCES, "").code(), StatusCode::kPermissionDenied);
  EXPECT_EQ(Status::from_errno(ENOSPC, "").code(), StatusCode::kResourceExhausted);
  EXPECT_EQ(Status::from_errno(EFBIG, "").code(), StatusCode::kResourceExhausted);
  EXPECT_EQ(Status::from_errno(EISDIR, "").code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(Status::from_errno(EPIPE, "").code(), StatusCode::kUnavailable);
}

TEST(Status, ExitsWith78ForWhatTheUserMustCorrectAndWith1Otherwise) {
  EXPECT_EQ(Status::invalid_argument("x").exit_code(), 78);
  EXPECT_EQ(Status::internal("x").exit_code(), 1);
}

TEST(Status, HasANameForEveryCode) {
  for (int code = 0; code <= static_cast<int>(StatusCode::kInternal); ++code) {
    EXPECT_NE(status_code_name(static_cast<StatusCode>(code)), "unknown");
  }
}

TEST(Result, HoldsAValueOrTheReasonWhyNot) {
  Result<std::string> good(std::string("text"));
  EXPECT_TRUE(good.ok());
  EXPECT_TRUE(good.status().ok());
  EXPECT_EQ(good->size(), 4u);
  const Result<std::string> bad(Status::data_error("no"));
  EXPECT_FALSE(bad.ok());
  EXPECT_EQ(bad.status().message(), "no");
}

TEST(Result, GivesAwayWhatCanOnlyBeMoved) {
  Result<std::unique_ptr<int>> result(std::make_unique<int>(7));
  const std::unique_ptr<int> taken = *std::move(result);
  EXPECT_EQ(*taken, 7);
}

TEST(ResultDeathTest, StopsTheProcessWhenAnErrorIsReadAsAValue) {
  const Result<int> bad(Status::data_error("no"));
  EXPECT_DEATH(static_cast<void>(bad.value()), "check failed");
}

Status pass_on(const Status& inner, bool& reached) {
  PENSTOCK_RETURN_IF_ERROR(inner);
  reached = true;
  return Status();
}

TEST(ReturnIfError, LeavesTheFunctionOnlyForAnError) {
  bool reached = false;
  EXPECT_EQ(pass_on(Status::data_error("no"), reached).message(), "no");
  EXPECT_FALSE(reached);
  EXPECT_TRUE(pass_on(Status(), reached).ok());
  EXPECT_TRUE(reached);
}

}  // namespace
}  // namespace penstock
