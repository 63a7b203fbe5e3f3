#include "penstock/operators/expression/functions/time_support.h"

#include <string>

namespace penstock::expression {
namespace {

struct UnitNames {
  TimeUnit unit;
  std::string_view names;
};

constexpr UnitNames kUnits[] = {
    {TimeUnit::kYear, " year years y yr yrs yyyy yy "},
    {TimeUnit::kQuarter, " quarter qtr "},
    {TimeUnit::kMonth, " month months mon mons mm "},
    {TimeUnit::kWeek, " week weeks w "},
    {TimeUnit::kDay, " day days d dd "},
    {TimeUnit::kHour, " hour hours h hr hrs "},
    {TimeUnit::kMinute, " minute minutes m min mins "},
    {TimeUnit::kSecond, " second seconds s sec secs "},
    {TimeUnit::kMillisecond, " millisecond milliseconds "},
    {TimeUnit::kMicrosecond, " microsecond microseconds "},
    {TimeUnit::kDayOfWeek, " dayofweek dow "},
    {TimeUnit::kDayOfWeekIso, " dayofweek_iso dow_iso "},
    {TimeUnit::kDayOfYear, " doy dayofyear "},
    {TimeUnit::kYearOfWeek, " yearofweek "},
};

}  // namespace

Result<std::shared_ptr<const PreparedZone>> prepare_zone(const BuildContext& context,
                                                         const BoundPtr& value) {
  if (!value->is_constant() || value->is_null() || !value->type.is(TypeKind::kString))
    return std::shared_ptr<const PreparedZone>();
  Result<TimeZone> zone = TimeZone::find(value->value.bytes());
  if (!zone.ok()) return function_error(context, zone.status().message());
  return std::make_shared<const PreparedZone>(PreparedZone{*zone});
}

bool zone_of(Call& call, const Cell& name, const PreparedZone* prepared, TimeZone& zone) {
  if (prepared != nullptr) {
    zone = prepared->zone;
    return true;
  }
  Result<TimeZone> found = TimeZone::find(name.bytes());
  if (!found.ok()) {
    call.fail(found.status().message());
    return false;
  }
  zone = *found;
  return true;
}

TimeUnit time_unit(std::string_view name) noexcept {
  constexpr std::size_t kNameMax = 16;
  char key[kNameMax + 2];
  if (name.empty() || name.size() > kNameMax) return TimeUnit::kNone;
  key[0] = ' ';
  for (std::size_t i = 0; i < name.size(); ++i) {
    const char c = name[i];
    if (c == ' ') return TimeUnit::kNone;
    key[i + 1] = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  }
  key[name.size() + 1] = ' ';
  for (const UnitNames& unit : kUnits)
    if (unit.names.find({key, name.size() + 2}) != std::string_view::npos) return unit.unit;
  return TimeUnit::kNone;
}

std::int64_t unit_months(TimeUnit unit) noexcept {
  return unit == TimeUnit::kYear      ? 12
         : unit == TimeUnit::kQuarter ? 3
         : unit == TimeUnit::kMonth   ? 1
                                      : 0;
}

}  // namespace penstock::expression
