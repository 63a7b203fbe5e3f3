#include "penstock/state/state_fields.h"

namespace penstock::internal {

bool leaves_members_out(std::vector<MemberPlace> members, std::size_t bytes,
                        std::size_t alignment) {
  std::sort(members.begin(), members.end(),
            [](const MemberPlace& a, const MemberPlace& b) { return a.offset < b.offset; });
  members.push_back({bytes, 0, alignment});
  std::size_t end = 0;
  for (const MemberPlace& member : members) {
    if (member.offset >= end + member.alignment) return true;
    end = std::max(end, member.offset + member.bytes);
  }
  return false;
}

}  // namespace penstock::internal
