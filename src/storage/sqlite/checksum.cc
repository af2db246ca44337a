#include "storage/sqlite/checksum.h"

#include <xxhash.h>

#include <bit>
#include <cstring>

namespace perdure::storage {

static_assert(std::endian::native == std::endian::little,
              "stored checksums are defined over little-endian integers");

// The first byte keeps the kinds of record apart: no row of one table can pass for a row of another.
Checksummer& Checksummer::begin(char kind) {
  buffer_.assign(1, kind);
  return *this;
}

Checksummer& Checksummer::add(std::uint64_t value) {
  char bytes[sizeof value];
  std::memcpy(bytes, &value, sizeof value);
  buffer_.append(bytes, sizeof bytes);
  return *this;
}

Checksummer& Checksummer::add(std::int64_t value) { return add(static_cast<std::uint64_t>(value)); }

Checksummer& Checksummer::add(std::string_view bytes) {
  add(static_cast<std::uint64_t>(bytes.size()));
  buffer_.append(bytes);
  return *this;
}

std::uint64_t Checksummer::end() const { return XXH3_64bits(buffer_.data(), buffer_.size()); }

std::uint64_t Checksummer::run(const RunColumns& columns) {
  return begin('R')
      .add(columns.execution_id)
      .add(columns.namespace_name)
      .add(columns.workflow_id)
      .add(columns.run_id)
      .add(columns.sequence)
      .add(columns.history_events)
      .add(columns.history_checksum)
      .add(columns.item_digest)
      .add(columns.state)
      .end();
}

std::uint64_t Checksummer::run_name(const WorkflowKey& key, const RunId& run_id) {
  return begin('N')
      .add(std::string_view(key.namespace_name.value))
      .add(std::string_view(key.workflow_id.value))
      .add(std::string_view(run_id.value))
      .end();
}

std::uint64_t Checksummer::current_run(const WorkflowKey& key, std::int64_t execution_id) {
  return begin('C')
      .add(std::string_view(key.namespace_name.value))
      .add(std::string_view(key.workflow_id.value))
      .add(execution_id)
      .end();
}

std::uint64_t Checksummer::batch(std::uint64_t previous, std::int64_t execution_id,
                                 std::int64_t first_event_id, std::int64_t event_count,
                                 std::string_view events) {
  return begin('H').add(previous).add(execution_id).add(first_event_id).add(event_count).add(events).end();
}

std::uint64_t Checksummer::item(std::int64_t execution_id, const Item& item) {
  begin('I').add(execution_id).add(std::int64_t{static_cast<std::int32_t>(item.key.kind)}).add(item.key.id);
  add(std::int64_t{item.due_at.has_value()}).add(item.due_at ? item.due_at->nanos : std::int64_t{0});
  return add(std::string_view(item.queue))
      .add(item.ready_order)
      .add(item.holder)
      .add(std::string_view(item.state))
      .end();
}

std::uint64_t Checksummer::commit_state(const CommitColumns& columns) {
  return begin('S')
      .add(columns.last_sequence)
      .add(columns.last_time)
      .add(columns.incarnation)
      .add(columns.next_execution_id)
      .add(columns.chain)
      .add(columns.run_count)
      .add(columns.item_count)
      .add(columns.batch_count)
      .add(columns.run_digest)
      .end();
}

std::uint64_t Checksummer::meta(std::string_view key, std::string_view value) {
  return begin('M').add(key).add(value).end();
}

std::uint64_t Checksummer::transition(std::uint64_t previous, std::int64_t sequence, std::int64_t time) {
  return begin('T').add(previous).add(sequence).add(time).end();
}

std::uint64_t Checksummer::transition_write(std::uint64_t previous, std::int64_t execution_id,
                                            std::uint64_t run_checksum) {
  return begin('W').add(previous).add(execution_id).add(run_checksum).end();
}

}  // namespace perdure::storage
