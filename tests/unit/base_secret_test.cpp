#include "host/base/secret.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "host/base/secret_index.hpp"

namespace {

using opshost::redact;
using opshost::Secret;

std::string base64(const std::string& bytes, bool for_urls = false) {
  const std::string digits = for_urls ? "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
                                      : "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    unsigned group = 0;
    for (std::size_t j = i; j < i + 3; ++j)
      group = group * 256 + (j < bytes.size() ? static_cast<unsigned char>(bytes[j]) : 0U);
    for (unsigned j = 0; j < 4; ++j) text += i + j > bytes.size() ? '=' : digits[(group >> (18 - 6 * j)) & 63U];
  }
  return text;
}

/// Every byte that is not in `kept` as `prefix` and two hexadecimal digits.
std::string escaped(const std::string& bytes, const std::string& prefix, const std::string& kept,
                    const std::string& hex = "0123456789ABCDEF") {
  std::string text;
  for (const char c : bytes) {
    if (kept.find(c) != std::string::npos) {
      text += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      text.append(prefix).append(1, hex[byte / 16U]).append(1, hex[byte % 16U]);
    }
  }
  return text;
}

const std::string kLowerHex = "0123456789abcdef";
const std::string kUnreserved = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~";

}  // namespace

TEST_CASE("a secret opens, says where it came from and shows neither as empty") {
  const Secret nothing;
  CHECK(nothing.empty());
  CHECK(nothing.reveal().empty());
  CHECK(nothing.origin().empty());
  const Secret secret("kN7-open-sesame", "env MYSQL_PASSWORD");
  CHECK_FALSE(secret.empty());
  CHECK(secret.reveal() == "kN7-open-sesame");
  CHECK(secret.origin() == "env MYSQL_PASSWORD");
  const Secret copy = secret;
  CHECK(&copy.reveal() == &secret.reveal());
}

TEST_CASE("redact blanks a secret wherever it stands") {
  const Secret secret("pw-Zq81!x", "test");
  CHECK(redact("").empty());
  CHECK(redact("nothing here") == "nothing here");
  CHECK(redact("pw-Zq81!x") == "***");
  CHECK(redact("password=pw-Zq81!x;") == "password=***;");
  CHECK(redact("pw-Zq81!x and pw-Zq81!x") == "*** and ***");
  CHECK(redact("pw-Zq81!xpw-Zq81!x") == "***");
  CHECK(redact("pw-Zq81!") == "pw-Zq81!");
  CHECK(redact(std::string("a\0pw-Zq81!x\0b", 13)) == std::string("a\0***\0b", 7));
}

TEST_CASE("a secret outlives its Secret in redaction") {
  {
    const Secret gone("t7-forgotten", "test");
  }
  CHECK(redact("x t7-forgotten y") == "x *** y");
}

TEST_CASE("an index without a secret leaves every text as it is") {
  opshost::SecretIndex index;
  CHECK(index.redact("nothing here is a secret") == "nothing here is a secret");
  index.add("short");
  CHECK(index.empty());
  CHECK(index.redact("nothing short here") == "nothing short here");
}

TEST_CASE("an index knows where a text may end in the middle of a secret") {
  opshost::SecretIndex index;
  CHECK(index.begun_at_end("hunter") == 0);
  index.add("hunter2-and-more");
  CHECK(index.begun_at_end("") == 0);
  CHECK(index.begun_at_end("password: hu") == 0);
  CHECK(index.begun_at_end("password: hun") == 3);
  CHECK(index.begun_at_end("hunhunter2-and-mor") == 15);
  CHECK(index.begun_at_end("hunter2-and-more") == 0);
  CHECK(index.begun_at_end("hunter3") == 0);
  CHECK(index.begun_at_end("Basic aHVudGVyMi") == 10);
  CHECK(index.begun_at_end(std::string(100'000, 'x') + "hunter2") == 7);
}

TEST_CASE("five characters blank nothing, six do") {
  const Secret five("qzxjv", "test");
  const Secret six("qzxjvk", "test");
  CHECK(redact("qzxjv qzxjvk") == "qzxjv ***");
  CHECK(redact(base64("qzxjv")) == base64("qzxjv"));
}

TEST_CASE("overlapping secrets are blanked as one, the longest of a shared beginning is taken") {
  const Secret first("ovl-abcdef", "test");
  const Secret second("cdef-ghijkl", "test");
  CHECK(redact("<ovl-abcdef-ghijkl>") == "<***>");
  const Secret shorter("prefix-1", "test");
  const Secret longer("prefix-12345", "test");
  const Secret other("prefix-129", "test");
  CHECK(redact("<prefix-1> <prefix-12> <prefix-129> <prefix-1234> <prefix-12345>") ==
        "<***> <***2> <***> <***234> <***>");
}

TEST_CASE("base64 is blanked at each of its three alignments, with all digits that hold a bit of it") {
  for (const std::string value :
       {"b64-sesame", "b64-sesame-2", "b64-sesame~?>", "s3cr3t", "\xff\xfe\xfd\xfc\xfb\xfa"}) {
    const Secret secret(value, "test");
    for (const bool for_urls : {false, true}) {
      for (std::size_t before = 0; before < 7; ++before) {
        for (std::size_t after = 0; after < 4; ++after) {
          const std::string text = base64(std::string(before, '\x01') + value + std::string(after, '\x02'), for_urls);
          CAPTURE(value);
          CAPTURE(text);
          const std::string redacted = redact("<" + text + ">");
          const auto stars = redacted.find("***");
          REQUIRE(stars != std::string::npos);
          // Only digits of the bytes around it may stay.
          CHECK(stars - 1 <= before * 8 / 6);
          CHECK(redacted.size() - stars - 4 <= (after * 8 + 5) / 6 + 2);
          CHECK(redact(redacted) == redacted);
        }
      }
    }
  }
}

TEST_CASE("basic authentication is blanked") {
  const Secret secret("open:Sesame 1", "test");
  const std::string header = "Authorization: Basic " + base64("admin:open:Sesame 1");
  CHECK(redact(header) == "Authorization: Basic YWRtaW4***");
}

TEST_CASE("base64 wrapped over lines is blanked") {
  const std::string value = "wrapped secret value that is much longer than one line of sixteen";
  const Secret secret(value, "test");
  const std::string digits = base64("x" + value);
  std::string wrapped;
  for (std::size_t i = 0; i < digits.size(); i += 16) wrapped += digits.substr(i, 16) + "\r\n  ";
  const std::string redacted = redact("data:\n" + wrapped + ": end");
  CHECK(redacted == "data:\ne***\r\n  : end");
}

TEST_CASE("URL-escaped secrets are blanked, whatever the writer escapes") {
  const std::string value = "p@ss/w\xc3\xb6rd?&=100% sure+1";
  const Secret secret(value, "test");
  CHECK(redact("u=" + escaped(value, "%", kUnreserved) + "&x=1") == "u=***&x=1");
  CHECK(redact("u=" + escaped(value, "%", kUnreserved, kLowerHex) + "&x=1") == "u=***&x=1");
  CHECK(redact("u=" + escaped(value, "%", "", kLowerHex) + "&x=1") == "u=***&x=1");
  CHECK(redact("u=" + escaped(value, "%", kUnreserved + "@/?&=+") + "&x=1") == "u=***&x=1");
  CHECK(redact("q=p%40ss%2Fw%C3%B6rd%3F%26%3D100%25+sure%2B1&x=1") == "q=***&x=1");
  CHECK(redact("100%zz stays %4 as it is %") == "100%zz stays %4 as it is %");
}

TEST_CASE("a form's plus for a space is enough to hide it, and is undone") {
  const Secret secret("two words here", "test");
  CHECK(redact("q=two+words+here&r=1+1") == "q=***&r=1+1");
}

TEST_CASE("JSON-escaped secrets are blanked, whatever the writer escapes") {
  const std::string value = "j\"s\\on/\t\n\xc3\xa9\xf0\x9f\x98\x80\x01z";
  const Secret secret(value, "test");
  CHECK(redact(R"({"a":"j\"s\\on/\t\n)"
               "\xc3\xa9\xf0\x9f\x98\x80"
               R"(\u0001z"})") == R"({"a":"***"})");
  CHECK(redact(R"({"a":"j\"s\\on\/\t\n\u00e9\ud83d\ude00\u0001z"})") == R"({"a":"***"})");
  CHECK(redact(R"({"a":"\u006A\"s\u005con\u002F\u0009\u000a\u00E9\uD83D\uDE00\u0001z"})") == R"({"a":"***"})");
  CHECK(redact(R"(Lua: "j\"s\\on/\t\n)"
               "\xc3\xa9"
               R"(\xf0\x9f\x98\x80\x01z")") == R"(Lua: "***")");
  CHECK(redact(R"(\u12 \ud83d \ud83d\u0041 \x4 \q \)") == R"(\u12 \ud83d \ud83d\u0041 \x4 \q \)");
}

TEST_CASE("JSON within JSON and URLs within JSON are blanked") {
  const Secret secret("a\"b/c d\"e", "test");
  CHECK(redact(R"({"body":"{\"p\":\"a\\\"b/c d\\\"e\"}"})") == R"({"body":"{\"p\":\"***\"}"})");
  CHECK(redact(R"({"url":"http:\/\/h\/?p=a%22b%2Fc%20d%22e"})") == R"({"url":"http:\/\/h\/?p=***"})");
  const Secret plain("sesame?>~open", "test");
  CHECK(redact("{\"auth\":\"" + escaped(base64("sesame?>~open"), "%", kUnreserved) + "\"}") == "{\"auth\":\"***\"}");
}

TEST_CASE("secrets as sh quotes them are blanked") {
  const Secret secret("it's o'clock", "test");
  CHECK(redact(R"(mysql 'it'\''s o'\''clock' -e x)") == "mysql '***' -e x");
}

TEST_CASE("a secret of several lines is blanked whole and line by line") {
  const std::string key =
      "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkq\r\nhkiG9w0BAQEFAASC\n  indented-line-9\nab\n-----END PRIVATE "
      "KEY-----\n";
  const Secret secret(key, "file /root/key");
  CHECK(redact("<" + key + ">") == "<***>");
  CHECK(redact("<" + key.substr(0, key.size() - 1) + ">") == "<***>");
  CHECK(redact("log: hkiG9w0BAQEFAASC") == "log: ***");
  CHECK(redact("log: indented-line-9") == "log: ***");
  CHECK(redact("log: MIIEvQIBADANBgkq") == "log: ***");
  CHECK(redact("-----BEGIN PRIVATE KEY-----") == "-----BEGIN PRIVATE KEY-----");
  CHECK(redact("ab") == "ab");
}

TEST_CASE("the line break at a secret file's end hides nothing") {
  const Secret secret("from-a-file-7\n", "file /root/pw");
  CHECK(redact("pw=from-a-file-7;") == "pw=***;");
  CHECK(redact(base64("from-a-file-7")) == "***");
  CHECK(redact(base64("from-a-file-7\n")) == "***");
}

TEST_CASE("a line of one secret may be a secret of its own") {
  const Secret file("user-line-1\nshared-line-2\n", "file");
  const Secret line("shared-line-2", "env");
  CHECK(redact(base64("shared-line-2")) == "***");
}

TEST_CASE("any secret in any frame disappears") {
  std::mt19937_64 random(5);
  for (int i = 0; i < 300; ++i) {
    std::string value = "#" + std::to_string(i) + "#";
    for (std::size_t length = 4 + random() % 20; length > 0; --length) value += static_cast<char>(random() % 256);
    value += '#';  // no white space at the end: the untouched rest would be compared
    const Secret secret(value, "test");
    for (const std::string& form : {value, base64(value), escaped(value, "%", ""),
                                    escaped(value, "\\u00", kUnreserved, kLowerHex), escaped(value, "\\x", "")}) {
      const bool bytes_as_code_points = form.find("\\u00") != std::string::npos;
      bool high = false;
      for (const char c : value) high = high || static_cast<unsigned char>(c) >= 0x80;
      if (bytes_as_code_points && high) continue;  // Latin-1 is not how JSON spells these bytes
      CAPTURE(form);
      REQUIRE(redact("<" + form + ">") == "<***>");
    }
  }
}

TEST_CASE("twenty thousand secrets with a common beginning are registered and searched for in no time") {
  const auto begin = std::chrono::steady_clock::now();
  for (int i = 0; i < 20'000; ++i) const Secret secret("token-number-" + std::to_string(i) + "-x", "test");
  std::string text;
  std::string expected;
  for (int i = 0; i < 20'000; ++i) {
    text += "a line of output token-number-" + std::to_string(i) + "-x and token-number-none\n";
    expected += "a line of output *** and token-number-none\n";
  }
  const bool as_expected = redact(text) == expected;
  CHECK(as_expected);
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  CAPTURE(took.count());
  CHECK(took.count() < 20);  // sanitizers included; quadratic would be hours
}

TEST_CASE("threads register and redact at once") {
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([t] {
      for (int i = 0; i < 200; ++i) {
        const std::string value = "thread-" + std::to_string(t) + "-secret-" + std::to_string(i) + "-x";
        const Secret secret(value, "test");
        if (redact("<" + value + ">") != "<***>") FAIL_CHECK("not blanked: " << i);
      }
    });
  }
  for (auto& thread : threads) thread.join();
}

TEST_CASE("a quote that is written twice, and one that is not") {
  const Secret secret("qT4'open\"sesame", "test");
  CHECK(redact("x = 'qT4''open\"sesame' y") == "x = '***' y");
  CHECK(redact("x,\"qT4'open\"\"sesame\",y") == "x,\"***\",y");
  CHECK(redact("'qT4''open\"\"sesame'") == "'***'");
  CHECK(redact("it''s \"\" fine") == "it''s \"\" fine");
}
