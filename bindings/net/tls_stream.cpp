// OpenSSL between two memory buffers, moved by the stream underneath. (Asio's ssl::stream cannot end one direction
// alone, which a container's stdin needs.)
#include <openssl/err.h>
#include <openssl/x509v3.h>

#include <array>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ssl/error.hpp>
#include <string_view>

#include "bindings/net/failure.hpp"
#include "bindings/net/tls_context.hpp"

namespace opshost::net {

namespace {

/// Two full records of what comes, one of what goes.
constexpr std::size_t kInput = 32U << 10U;
constexpr std::size_t kRecord = 16U << 10U;

class TlsEngine : public std::enable_shared_from_this<TlsEngine> {
 public:
  TlsEngine(std::unique_ptr<ByteStream> inner, SslPointer ssl)
      : inner_(std::move(inner)),
        ssl_(std::move(ssl)),
        from_peer_(BIO_new(BIO_s_mem())),
        to_peer_(BIO_new(BIO_s_mem())) {
    BIO_set_mem_eof_return(from_peer_, -1);
    BIO_set_mem_eof_return(to_peer_, -1);
    SSL_set_bio(ssl_.get(), from_peer_, to_peer_);
    SSL_set_connect_state(ssl_.get());
    keep_refused(*ssl_, refused_);
  }

  [[nodiscard]] asio::any_io_executor executor() { return inner_->executor(); }
  [[nodiscard]] const RefusedCertificate& refused() const { return refused_; }

  void handshake(ByteStream::Done done) {
    handshake_ = std::move(done);
    turn();
  }
  void read_some(asio::mutable_buffer into, ByteStream::Done done) {
    read_ = std::move(done);
    read_into_ = into;
    turn();
  }
  void write_some(asio::const_buffer from, ByteStream::Done done) {
    write_ = std::move(done);
    write_from_ = from;
    accepted_ = 0;
    turn();
  }
  void end_writing() {
    if (closed_) return;
    SSL_shutdown(ssl_.get());
    ERR_clear_error();
    flush();
  }
  void close() {
    if (std::exchange(closed_, true)) return;
    inner_->close();
    fail_all(asio::error::operation_aborted);
  }

 private:
  void turn() {
    needs_input_ = false;
    if (handshake_) try_handshake();
    if (read_) try_read();
    if (write_ && accepted_ == 0) try_write();
    flush();
    if (needs_input_ && !closed_) take_input();
  }

  void try_handshake() {
    ERR_clear_error();
    settle(SSL_do_handshake(ssl_.get()), handshake_, 0);
  }

  void try_read() {
    ERR_clear_error();
    const int size = static_cast<int>(std::min(read_into_.size(), std::size_t{1U << 30U}));
    const int count = SSL_read(ssl_.get(), read_into_.data(), size);
    settle(count, read_, count > 0 ? static_cast<std::size_t>(count) : 0);
  }

  // Done only when what it became has been written: that is the back-pressure.
  void try_write() {
    ERR_clear_error();
    const int size = static_cast<int>(std::min(write_from_.size(), kRecord));
    const int count = SSL_write(ssl_.get(), write_from_.data(), size);
    if (count > 0) {
      accepted_ = static_cast<std::size_t>(count);
    } else {
      settle(count, write_, 0);
    }
  }

  /// Of an attempt: done, waits for input, or failed.
  void settle(int result, ByteStream::Done& done, std::size_t bytes) {
    if (result > 0) return finish(done, {}, bytes);
    switch (SSL_get_error(ssl_.get(), result)) {
      case SSL_ERROR_WANT_READ:
        if (!input_ended_) {
          needs_input_ = true;
          return;
        }
        return finish(done, asio::error::connection_reset, 0);
      case SSL_ERROR_ZERO_RETURN:
        return finish(done, asio::error::eof, 0);
      default:
        return finish(done, take_openssl_error(), 0);
    }
  }

  void finish(ByteStream::Done& done, ErrorCode error, std::size_t bytes) {
    if (!done) return;
    asio::post(executor(), [done = std::exchange(done, nullptr), error, bytes] { done(error, bytes); });
  }
  void fail_all(const ErrorCode& error) {
    finish(handshake_, error, 0);
    finish(read_, error, 0);
    finish(write_, error, 0);
  }

  void flush() {
    if (writing_ || closed_) return;
    if (out_.empty()) {
      out_.resize(BIO_ctrl_pending(to_peer_));
      if (!out_.empty()) BIO_read(to_peer_, out_.data(), static_cast<int>(out_.size()));
    }
    if (out_.empty()) {
      if (accepted_ > 0) finish(write_, {}, std::exchange(accepted_, 0));
      return;
    }
    writing_ = true;
    inner_->write_some(asio::buffer(out_),
                       [self = shared_from_this()](ErrorCode error, std::size_t bytes) { self->wrote(error, bytes); });
  }

  void wrote(const ErrorCode& error, std::size_t bytes) {
    writing_ = false;
    if (closed_) return;
    if (error) {
      // What the other side said before it went may still be there to be read.
      out_.clear();
      finish(write_, error, 0);
      if (handshake_ && input_ended_) finish(handshake_, error, 0);
      return;
    }
    out_.erase(0, bytes);
    flush();
  }

  void take_input() {
    if (reading_ || input_ended_) return;
    reading_ = true;
    inner_->read_some(asio::buffer(in_), [self = shared_from_this()](ErrorCode error, std::size_t bytes) {
      self->got_input(error, bytes);
    });
  }

  void got_input(const ErrorCode& error, std::size_t bytes) {
    reading_ = false;
    if (closed_) return;
    if (error == asio::error::eof) {
      input_ended_ = true;
    } else if (error) {
      input_ended_ = true;
      return fail_all(error);
    }
    if (bytes > 0) BIO_write(from_peer_, in_.data(), static_cast<int>(bytes));
    turn();
  }

  std::unique_ptr<ByteStream> inner_;
  RefusedCertificate refused_;
  SslPointer ssl_;
  BIO* from_peer_;  // both belong to ssl_
  BIO* to_peer_;
  std::array<char, kInput> in_{};
  std::string out_;
  ByteStream::Done handshake_;
  ByteStream::Done read_;
  ByteStream::Done write_;
  asio::mutable_buffer read_into_;
  asio::const_buffer write_from_;
  std::size_t accepted_ = 0;  ///< bytes of write_from_ that OpenSSL has taken
  bool needs_input_ = false;
  bool reading_ = false;
  bool writing_ = false;
  bool input_ended_ = false;
  bool closed_ = false;
};

class TlsStream final : public ByteStream {
 public:
  explicit TlsStream(std::shared_ptr<TlsEngine> engine) : engine_(std::move(engine)) {}
  ~TlsStream() override { engine_->close(); }
  TlsStream(const TlsStream&) = delete;
  TlsStream& operator=(const TlsStream&) = delete;

  asio::any_io_executor executor() override { return engine_->executor(); }
  void read_some(asio::mutable_buffer into, Done done) override { engine_->read_some(into, std::move(done)); }
  void write_some(asio::const_buffer from, Done done) override { engine_->write_some(from, std::move(done)); }
  void end_writing() override { engine_->end_writing(); }
  void close() noexcept override { engine_->close(); }

 private:
  std::shared_ptr<TlsEngine> engine_;
};

bool is_address(const std::string& host) {
  ErrorCode error;
  asio::ip::make_address(host, error);
  return !error;
}

/// Without an expected name OpenSSL takes every name.
void require_expected(int accepted, const std::string& host) {
  if (accepted == 1) return;
  ERR_clear_error();
  throw TlsFailure(TlsProblem::invalid,
                   describe(Value(host)) + " is neither a name nor an address that a certificate can be made out to");
}

/// Whom the certificate has to name, and whom a server of many names is asked for.
void expect_name(SSL* ssl, const std::string& host) {
  X509_VERIFY_PARAM* expected = SSL_get0_param(ssl);
  if (is_address(host)) {
    // The zone of fe80::1%eth0 is this machine's own: no certificate has it.
    const auto address = host.substr(0, host.find('%'));
    require_expected(X509_VERIFY_PARAM_set1_ip_asc(expected, address.c_str()), host);
    return;
  }
  X509_VERIFY_PARAM_set_hostflags(expected, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  require_expected(X509_VERIFY_PARAM_set1_host(expected, host.c_str(), host.size()), host);
  std::string name = host;  // OpenSSL's macro for this casts as C does
  SSL_ctrl(ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, name.data());
}

}  // namespace

Awaitable<std::unique_ptr<ByteStream>> start_tls(Call& call, std::unique_ptr<ByteStream> stream,
                                                 std::shared_ptr<const TlsContext> context, std::string host) {
  SslPointer ssl(SSL_new(context->native().context.get()));
  expect_name(ssl.get(), host);
  const auto engine = std::make_shared<TlsEngine>(std::move(stream), std::move(ssl));
  auto secured = std::make_unique<TlsStream>(engine);
  const auto reaction = close_on_stop(call, *secured);
  ErrorCode error;
  auto token = asio::redirect_error(asio::use_awaitable, error);
  co_await asio::async_initiate<decltype(token), void(ErrorCode)>(
      [&engine](auto handler) {
        auto kept = std::make_shared<decltype(handler)>(std::move(handler));
        engine->handshake([kept](ErrorCode outcome, std::size_t) { std::move (*kept)(outcome); });
      },
      token);
  if (error && error.category() != asio::error::get_ssl_category()) {
    throw Failure(Obstacle::cut, host + " ended the connection while it was being secured (" + words_of(error) + ")");
  }
  if (error) throw handshake_failure(engine->refused(), error, *context, host);
  co_return secured;
}

}  // namespace opshost::net
