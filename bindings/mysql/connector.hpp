#pragma once
// The one place MySQL Connector/C++ is included from: Debian's package has single headers, newer releases
// <mysql/jdbc.h>.
#if __has_include(<mysql/jdbc.h>)
#include <mysql/jdbc.h>
#else
#include <cppconn/exception.h>
#include <cppconn/prepared_statement.h>
#include <cppconn/resultset.h>
#include <cppconn/resultset_metadata.h>
#include <cppconn/statement.h>
#include <mysql_connection.h>
#include <mysql_driver.h>
#endif

namespace opshost::mysql {

/// The Connector, started, with our client plugins registered; the calling thread is made known to the client library
/// for as long as it lives. Every blocking function asks for it first.
sql::Driver& connector();

}  // namespace opshost::mysql
