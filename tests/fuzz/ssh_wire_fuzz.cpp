// What an SSH server says in its file transfer. None of it may crash or hang.
#include "bindings/ssh/sftp_client.hpp"
#include "bindings/ssh/wire.hpp"
#include "tests/fuzz/property.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace opshost::ssh;
  const std::string text = text_of(data, size);
  WireReader reader(text);
  while (reader.good() && !reader.rest().empty()) {
    const std::string_view before = reader.rest();
    const sftp::Attributes attributes = sftp::Attributes::read(reader);
    holds(reader.rest().size() < before.size() || !reader.good(), "what is read is taken");
    if (!reader.good()) break;
    WireWriter writer;
    attributes.write(writer);
    const std::string written = writer.take();
    WireReader again(written);
    const sftp::Attributes same = sftp::Attributes::read(again);
    holds(same.size == attributes.size && same.mode == attributes.mode, "what is written is read back");
  }
  const sftp::Reply reply{.answer = sftp::Answer::status, .body = text};
  holds(reply.message().size() <= text.size(), "no more words than came in");
  (void)reply.status();
  return 0;
}
