#include "penstock/io/socket/tcp_connector.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/tcp.h>

#include "penstock/tests/io/io_kit.h"
#include "penstock/tests/io/socket/socket_kit.h"

namespace penstock {
namespace {

int option_of(int fd, int level, int option) {
  int value = -1;
  socklen_t size = sizeof value;
  EXPECT_EQ(::getsockopt(fd, level, option, &value, &size), 0);
  return value;
}

class DeadAfter : public ::testing::TestWithParam<int> {};

TEST_P(DeadAfter, IsWhenTheSystemHasAskedASilentPeerInVain) {
  test::Server server;
  server.listen();
  TcpTiming timing = test::quick_timing();
  timing.dead_after = std::chrono::seconds(GetParam());
  const auto bell = Doorbell::make();
  test::NoticeLog notices;
  TcpConnector connector({"127.0.0.1", server.port()}, timing, **bell, notices);
  const Result<Descriptor> up = connector.connect();
  ASSERT_TRUE(up.ok()) << up.status().to_string();
  const int fd = up->fd();
  EXPECT_NE(option_of(fd, SOL_SOCKET, SO_KEEPALIVE), 0);
  EXPECT_NE(option_of(fd, IPPROTO_TCP, TCP_NODELAY), 0);
  const int idle = option_of(fd, IPPROTO_TCP, TCP_KEEPIDLE);
  const int interval = option_of(fd, IPPROTO_TCP, TCP_KEEPINTVL);
  const int questions = option_of(fd, IPPROTO_TCP, TCP_KEEPCNT);
  EXPECT_GE(questions, 1);
  EXPECT_LE(idle + interval * questions, GetParam());
  EXPECT_GE(idle + interval * questions, (GetParam() + 1) / 2);
}

INSTANTIATE_TEST_SUITE_P(TcpConnector, DeadAfter, ::testing::Values(2, 3, 4, 5, 7, 11, 60, 3600));

}  // namespace
}  // namespace penstock
