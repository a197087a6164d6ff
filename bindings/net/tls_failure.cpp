// Why a handshake failed, in words a person can act on.
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <boost/asio/ssl/error.hpp>
#include <string_view>

#include "bindings/net/tls_context.hpp"
#include "host/base/utf8.hpp"

namespace opshost::net {

namespace {

std::string name_text(const X509_NAME* name) {
  const BioPointer out(BIO_new(BIO_s_mem()));
  X509_NAME_print_ex(out.get(), name, 0, XN_FLAG_ONELINE & ~ASN1_STRFLGS_ESC_MSB);
  std::string text(BIO_ctrl_pending(out.get()), '\0');
  if (!text.empty()) BIO_read(out.get(), text.data(), static_cast<int>(text.size()));
  return printable(text);
}

/// "2026-11-26 10:00 UTC"
std::string time_text(const ASN1_TIME* time) {
  struct tm parts = {};
  if (ASN1_TIME_to_tm(time, &parts) != 1) return "an unknown time";
  std::string text(32, '\0');
  text.resize(strftime(text.data(), text.size(), "%Y-%m-%d %H:%M UTC", &parts));
  return text;
}

std::string address_text(const ASN1_OCTET_STRING* address) {
  const unsigned char* bytes = ASN1_STRING_get0_data(address);
  std::string text;
  if (ASN1_STRING_length(address) == 4) {
    for (int i = 0; i < 4; ++i) text += (i > 0 ? "." : "") + std::to_string(bytes[i]);
    return text;
  }
  return "an IPv6 address";
}

/// "127.0.0.1, localhost": what a certificate is made out to.
std::string names_of(X509* certificate) {
  constexpr std::size_t kShown = 300;
  std::string text;
  using Names = std::unique_ptr<GENERAL_NAMES, OpenSslDeleter<GENERAL_NAMES_free>>;
  const Names names(static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  const int count = names ? sk_GENERAL_NAME_num(names.get()) : 0;
  for (int i = 0; i < count && text.size() < kShown; ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names.get(), i);
    std::string one;
    if (name->type == GEN_DNS) {
      const auto* bytes = ASN1_STRING_get0_data(name->d.dNSName);
      one.assign(bytes, bytes + ASN1_STRING_length(name->d.dNSName));
    } else if (name->type == GEN_IPADD) {
      one = address_text(name->d.iPAddress);
    } else {
      continue;
    }
    text += (text.empty() ? "" : ", ") + printable(one);
  }
  return text.empty() ? "no name at all" : text;
}

std::string trusted(const TlsContext& context) {
  return context.files().ca.empty() ? "the authorities of this machine" : "the authorities in " + context.files().ca;
}

TlsFailure certificate_failure(long verdict, X509* certificate, const TlsContext& context, const std::string& host) {
  const std::string who = "the certificate of " + host;
  switch (verdict) {
    case X509_V_ERR_CERT_HAS_EXPIRED:
      return {TlsProblem::expired, who + " expired on " + time_text(X509_get0_notAfter(certificate)) +
                                       ": renew it on the server (or set the clock here)"};
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return {TlsProblem::not_yet_valid, who + " is valid only from " + time_text(X509_get0_notBefore(certificate)) +
                                             " on: is the clock here or there wrong?"};
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
      return {TlsProblem::name_mismatch, who + " is made out to " + names_of(certificate) + ", not to " + host +
                                             ": connect under one of those names, or have it issued for this one"};
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_CERT_SIGNATURE_FAILURE:
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
      return {TlsProblem::unknown_ca, who + " was issued by " + name_text(X509_get_issuer_name(certificate)) +
                                          ", which is not among " + trusted(context) +
                                          ": name the file of the right authority"};
    case X509_V_ERR_CERT_REVOKED:
      return {TlsProblem::revoked, who + " was revoked by its issuer"};
    default:
      return {TlsProblem::invalid, who + " is not valid: " + X509_verify_cert_error_string(verdict)};
  }
}

std::string our_certificate(const TlsContext& context) {
  return "the client certificate " + context.files().certificate;
}

/// What anybody sees who looks at our own certificate. Servers say little more than "bad".
std::optional<std::string> fault_of_ours(const TlsContext& context) {
  X509* own = SSL_CTX_get0_certificate(context.native().context.get());
  if (own == nullptr) return std::nullopt;
  if (X509_cmp_current_time(X509_get0_notAfter(own)) < 0) {
    return "it expired on " + time_text(X509_get0_notAfter(own)) + ": renew it (or set the clock)";
  }
  if (X509_cmp_current_time(X509_get0_notBefore(own)) > 0) {
    return "it is valid only from " + time_text(X509_get0_notBefore(own)) + " on: is the clock here or there wrong?";
  }
  if (X509_check_purpose(own, X509_PURPOSE_SSL_CLIENT, 0) == 0) {
    return std::string("it is not made for clients (its extended key usage): have one issued with clientAuth");
  }
  return std::nullopt;
}

TlsFailure client_failure(const TlsContext& context, const std::string& host, const std::string& why) {
  if (context.files().certificate.empty()) {
    return {TlsProblem::client_wanted, host + " wants a client certificate, and none was given"};
  }
  return {TlsProblem::client_refused,
          host + " does not take " + our_certificate(context) + ": " + fault_of_ours(context).value_or(why)};
}

int refused_index() {
  static const int index = SSL_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
  return index;
}

int note_refused(int fine, X509_STORE_CTX* verification) {
  if (fine == 1) return 1;
  void* ssl = X509_STORE_CTX_get_ex_data(verification, SSL_get_ex_data_X509_STORE_CTX_idx());
  auto* refused = static_cast<RefusedCertificate*>(SSL_get_ex_data(static_cast<SSL*>(ssl), refused_index()));
  X509* certificate = X509_STORE_CTX_get_current_cert(verification);
  if (refused == nullptr || certificate == nullptr) return 0;
  X509_up_ref(certificate);
  refused->certificate.reset(certificate);
  refused->verdict = X509_STORE_CTX_get_error(verification);
  return 0;
}

}  // namespace

std::optional<TlsFailure> tls_failure(const ErrorCode& error, const TlsContext& context, const std::string& host) {
  if (error.category() != asio::error::get_ssl_category()) return std::nullopt;
  switch (ERR_GET_REASON(static_cast<unsigned long>(error.value()))) {
    case SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED:
    case SSL_R_SSLV3_ALERT_BAD_CERTIFICATE:
    case SSL_R_SSLV3_ALERT_NO_CERTIFICATE:
      return client_failure(context, host, "it says \"bad certificate\" (another authority, or not for clients?)");
    case SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED:
      return client_failure(context, host, "it has expired");
    case SSL_R_SSLV3_ALERT_CERTIFICATE_REVOKED:
      return client_failure(context, host, "it was revoked");
    case SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN:
    case SSL_R_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE:
      return client_failure(context, host, "it is not valid there");
    case SSL_R_TLSV1_ALERT_UNKNOWN_CA:
      return client_failure(context, host, "the authority that issued it is not trusted there");
    case SSL_R_TLSV1_ALERT_ACCESS_DENIED:
      return client_failure(context, host, "access denied");
    case SSL_R_WRONG_VERSION_NUMBER:
    case SSL_R_HTTP_REQUEST:
    case SSL_R_UNKNOWN_PROTOCOL:
      return TlsFailure(TlsProblem::no_tls, host + " does not speak TLS on that port: is it the port for plain text?");
    case SSL_R_UNSUPPORTED_PROTOCOL:
    case SSL_R_TLSV1_ALERT_PROTOCOL_VERSION:
      return TlsFailure(TlsProblem::protocol, host + " speaks no TLS from 1.2 on");
    default:
      return TlsFailure(TlsProblem::protocol, "TLS with " + host + " failed: " + error.message());
  }
}

void keep_refused(SSL& ssl, RefusedCertificate& refused) {
  SSL_set_ex_data(&ssl, refused_index(), &refused);
  SSL_set_verify(&ssl, SSL_get_verify_mode(&ssl), note_refused);
}

TlsFailure handshake_failure(const RefusedCertificate& refused, const ErrorCode& error, const TlsContext& context,
                             const std::string& host) {
  if (refused.certificate) return certificate_failure(refused.verdict, refused.certificate.get(), context, host);
  auto failure = tls_failure(error, context, host);
  return failure ? *failure : TlsFailure(TlsProblem::protocol, "TLS with " + host + " failed: " + error.message());
}

}  // namespace opshost::net
