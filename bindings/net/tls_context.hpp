#pragma once
// OpenSSL's objects, owned.
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <memory>

#include "bindings/net/tls.hpp"

namespace opshost::net {

template <auto Free>
struct OpenSslDeleter {
  template <class T>
  void operator()(T* object) const {
    Free(object);
  }
};
using SslContextPointer = std::unique_ptr<SSL_CTX, OpenSslDeleter<SSL_CTX_free>>;
using SslPointer = std::unique_ptr<SSL, OpenSslDeleter<SSL_free>>;
using X509Pointer = std::unique_ptr<X509, OpenSslDeleter<X509_free>>;
using BioPointer = std::unique_ptr<BIO, OpenSslDeleter<BIO_free_all>>;

struct TlsContext::Native {
  SslContextPointer context;
};

/// What is left in OpenSSL's queue of errors, as a code; the queue is empty afterwards.
ErrorCode take_openssl_error();

/// The certificate that verification refused, and why. OpenSSL keeps it nowhere.
struct RefusedCertificate {
  X509Pointer certificate;
  long verdict = X509_V_OK;
};
/// What is refused of `ssl`'s peer from now on goes to `refused`, which has to outlive it.
void keep_refused(SSL& ssl, RefusedCertificate& refused);

/// Of a handshake that failed with `error`: what the peer's certificate says, or what the two sides said to each other.
TlsFailure handshake_failure(const RefusedCertificate& refused, const ErrorCode& error, const TlsContext& context,
                             const std::string& host);

}  // namespace opshost::net
