#include "penstock/state/state_type.h"

#include <algorithm>

namespace penstock {
namespace {

constexpr std::size_t kFieldsMax = 4096;
constexpr std::size_t kPathMax = 1024;
constexpr std::uint32_t kBytesMax = std::uint32_t{1} << 20;

std::string in_bits(const char* name, std::uint32_t bytes) {
  return name + std::to_string(8 * bytes);
}

bool is_number_size(std::uint32_t bytes) noexcept {
  return bytes == 1 || bytes == 2 || bytes == 4 || bytes == 8;
}

bool has_right_size(const StateField& field) noexcept {
  switch (field.kind) {
    case StateFieldKind::kOpaque:
      return true;
    case StateFieldKind::kBool:
      return field.bytes == 1;
    case StateFieldKind::kInt:
    case StateFieldKind::kUint:
      return is_number_size(field.bytes);
    case StateFieldKind::kFloat:
      return field.bytes == 4 || field.bytes == 8;
    case StateFieldKind::kText:
      return field.bytes >= 2 && field.bytes <= 256;
    case StateFieldKind::kTime:
      return field.bytes == 8;
  }
  return false;
}

bool lies_within(const StateField& field, std::uint32_t bytes) noexcept {
  const std::uint64_t last = std::uint64_t{field.values() - 1} * field.stride;
  return field.count <= kBytesMax && field.stride <= kBytesMax &&
         field.offset + last + field.bytes <= bytes;
}

}  // namespace

std::string StateField::type_name() const {
  std::string name;
  switch (kind) {
    case StateFieldKind::kOpaque:
      name = "opaque(" + std::to_string(bytes) + " bytes, version " + std::to_string(version) + ")";
      break;
    case StateFieldKind::kBool:
      name = "bool";
      break;
    case StateFieldKind::kInt:
      name = in_bits("int", bytes);
      break;
    case StateFieldKind::kUint:
      name = in_bits("uint", bytes);
      break;
    case StateFieldKind::kFloat:
      name = bytes == 4 ? "float" : "double";
      break;
    case StateFieldKind::kText:
      name = "text(" + std::to_string(bytes - 1) + ")";
      break;
    case StateFieldKind::kTime:
      name = "time";
      break;
  }
  return count == 0 ? name : name + "[" + std::to_string(count) + "]";
}

StateType StateType::opaque(std::uint32_t bytes, std::uint32_t version) {
  StateType type{bytes, {}};
  type.fields.push_back({.path = {}, .bytes = bytes, .version = version});
  return type;
}

const StateField* StateType::find(std::string_view path) const noexcept {
  const auto found = std::find_if(fields.begin(), fields.end(),
                                  [path](const StateField& field) { return field.path == path; });
  return found == fields.end() ? nullptr : &*found;
}

std::string StateType::name() const {
  if (fields.size() == 1 && fields[0].path.empty()) return fields[0].type_name();
  std::string text;
  for (const StateField& field : fields)
    text += (text.empty() ? "" : ", ") + field.path + ": " + field.type_name();
  return "{" + text + "}";
}

bool StateType::goes_on_as(const StateType& now) const noexcept {
  if (bytes != now.bytes) return false;
  if (is_opaque() && !now.is_opaque()) return true;
  return fields.size() == now.fields.size() &&
         std::all_of(fields.begin(), fields.end(), [&now](const StateField& field) {
           const StateField* own = now.find(field.path);
           return own != nullptr && field.same_type(*own) && field.offset == own->offset &&
                  field.stride == own->stride;
         });
}

std::string StateType::encode() const {
  std::string out;
  ByteAppender to(out);
  to.number(bytes);
  to.number(static_cast<std::uint32_t>(fields.size()));
  for (const StateField& field : fields) {
    to.framed(field.path);
    to.number(static_cast<std::uint32_t>(field.kind));
    for (const std::uint32_t number :
         {field.bytes, field.offset, field.count, field.stride, field.version})
      to.number(number);
  }
  return out;
}

bool StateType::decode(std::string_view encoded, StateType& type) {
  ByteCursor from(encoded);
  std::uint32_t count = 0;
  if (!from.number(type.bytes) || type.bytes > kBytesMax || !from.number(count) ||
      count > kFieldsMax)
    return false;
  type.fields.clear();
  for (std::uint32_t i = 0; i < count; ++i) {
    StateField field;
    std::string_view path;
    std::uint32_t kind = 0;
    if (!from.framed(path, kPathMax) || !from.number(kind) || !from.number(field.bytes) ||
        !from.number(field.offset) || !from.number(field.count) || !from.number(field.stride) ||
        !from.number(field.version) || kind > static_cast<std::uint32_t>(StateFieldKind::kTime))
      return false;
    field.path = path;
    field.kind = static_cast<StateFieldKind>(kind);
    const bool plain = std::all_of(path.begin(), path.end(),
                                   [](char c) { return c > 0x20 && c < 0x7f && c != '\''; });
    if (!plain || !has_right_size(field) || !lies_within(field, type.bytes) ||
        type.find(path) != nullptr)
      return false;
    type.fields.push_back(std::move(field));
  }
  return from.at_end();
}

}  // namespace penstock
