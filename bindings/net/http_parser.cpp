#include "bindings/net/http_parser.hpp"

#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>
#include <limits>
#include <utility>

#include "host/base/utf8.hpp"

namespace opshost::net {

namespace {

namespace http = boost::beast::http;
using boost::beast::string_view;
using boost::system::error_code;

constexpr std::uint32_t kHeaderLimit = 64U << 10U;
constexpr std::size_t kShownBytes = 60;
/// "0", its line break and the empty line behind it. Boost 1.74 asserts that it sees no less of a last chunk.
constexpr std::size_t kLastChunk = 5;

std::string as_string(string_view text) { return {text.data(), text.size()}; }

}  // namespace

class HttpParser::Machine final : public http::basic_parser<false> {
 public:
  explicit Machine(bool has_no_body) {
    header_limit(kHeaderLimit);
    // Boost 1.74 takes "no limit" for one of nothing.
    body_limit(std::numeric_limits<std::uint64_t>::max());
    skip(has_no_body);
  }

  HttpHead head;
  std::string* body = nullptr;  ///< where body bytes go while bytes are fed
  /// The next bytes are a chunk's first line.
  [[nodiscard]] bool is_before_chunk() const { return is_header_done() && chunked() && chunk_left_ == 0; }

 private:
  void on_request_impl(http::verb, string_view, string_view, int, error_code&) override {}
  void on_response_impl(int code, string_view reason, int, error_code&) override {
    head.status = static_cast<unsigned>(code);
    head.reason = as_string(reason);
  }
  void on_field_impl(http::field, string_view name, string_view value, error_code&) override {
    head.headers.emplace_back(as_string(name), as_string(value));
  }
  void on_header_impl(error_code&) override {}
  void on_body_init_impl(const boost::optional<std::uint64_t>&, error_code&) override {}
  std::size_t on_body_impl(string_view bytes, error_code&) override { return take(bytes); }
  void on_chunk_header_impl(std::uint64_t size, string_view, error_code&) override { chunk_left_ = size; }
  std::size_t on_chunk_body_impl(std::uint64_t left, string_view bytes, error_code&) override {
    chunk_left_ = left - bytes.size();
    return take(bytes);
  }
  void on_finish_impl(error_code&) override {}

  std::size_t take(string_view bytes) {
    body->append(bytes.data(), bytes.size());
    return bytes.size();
  }

  std::uint64_t chunk_left_ = 0;
};

HttpParser::HttpParser(bool has_no_body) : machine_(std::make_unique<Machine>(has_no_body)) {}
HttpParser::~HttpParser() = default;
HttpParser::HttpParser(HttpParser&&) noexcept = default;
HttpParser& HttpParser::operator=(HttpParser&&) noexcept = default;

std::size_t HttpParser::feed(std::string_view bytes, std::string& body) {
  machine_->body = &body;
  std::size_t taken = 0;
  while (taken < bytes.size() && stage() != Stage::done) {
    if (machine_->is_before_chunk() && bytes.size() - taken < kLastChunk) break;
    const bool was_head = stage() == Stage::head;
    error_code error;
    const std::size_t count = machine_->put(asio::buffer(bytes.data() + taken, bytes.size() - taken), error);
    taken += count;
    if (error == http::error::need_more) break;
    if (error) {
      throw Error("net.protocol", "the answer is no HTTP (" + error.message() + "); it reads " +
                                      describe(Value(std::string(bytes.substr(0, kShownBytes)))));
    }
    if (was_head && stage() != Stage::head) break;
    if (count == 0) break;
  }
  return taken;
}

bool HttpParser::end() {
  if (stage() == Stage::done) return true;
  if (stage() == Stage::head) return false;
  std::string nowhere;
  machine_->body = &nowhere;
  error_code error;
  machine_->put_eof(error);
  return !error;
}

HttpParser::Stage HttpParser::stage() const {
  if (machine_->is_done()) return Stage::done;
  return machine_->is_header_done() ? Stage::body : Stage::head;
}

bool HttpParser::begun() const { return machine_->got_some(); }
const HttpHead& HttpParser::head() const { return machine_->head; }
bool HttpParser::keeps_alive() const { return machine_->is_header_done() && machine_->keep_alive(); }

}  // namespace opshost::net
