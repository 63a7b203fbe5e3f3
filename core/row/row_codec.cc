#include "penstock/core/row/row_codec.h"

#include "penstock/core/base/bytes.h"
#include "penstock/core/row/row.h"

namespace penstock {

void RowCodec::encode(std::string_view row, std::string& out) const {
  ByteAppender appender(out);
  appender.number(kRowEncodingVersion);
  appender.number(fingerprint_);
  appender.framed(row);
}

Result<std::string_view> RowCodec::decode(std::string_view& bytes) const {
  ByteCursor cursor(bytes);
  std::uint32_t version = 0;
  std::uint64_t fingerprint = 0;
  std::string_view row;
  if (!cursor.number(version) || !cursor.number(fingerprint))
    return Status::data_error("row of a snapshot: the bytes end within its head");
  if (version != kRowEncodingVersion) {
    return Status::data_error("row of a snapshot: encoding version " + std::to_string(version) +
                              ", this build reads version " + std::to_string(kRowEncodingVersion));
  }
  if (fingerprint != fingerprint_) {
    return Status::data_error(
        "row of a snapshot: it was written with other columns than '" + schema_.to_sql() +
        "'; restore with the query that wrote it, or start without the snapshot");
  }
  if (!cursor.framed(row, UINT32_MAX))
    return Status::data_error("row of a snapshot: the bytes end within the row");
  PENSTOCK_RETURN_IF_ERROR(check_row(row, schema_));
  bytes.remove_prefix(bytes.size() - cursor.remaining());
  return row;
}

}  // namespace penstock
