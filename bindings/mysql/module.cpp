#include "bindings/mysql/module.hpp"

#include "bindings/mysql/database.hpp"
#include "bindings/mysql/errors.hpp"
#include "bindings/mysql/lua_rows.hpp"
#include "bindings/mysql/replication.hpp"
#include "bindings/mysql/times.hpp"
#include "bindings/mysql/transaction.hpp"

namespace opshost::mysql {

namespace {

using namespace lua;

const Raises kConnects{"mysql.unreachable",          "mysql.access", "mysql.unknown_database", "mysql.tls",
                       "mysql.too_many_connections", "mysql.refused"};
const Raises kRuns{"mysql.lost",     "mysql.syntax",      "mysql.unknown_table", "mysql.lock_timeout",
                   "mysql.deadlock", "mysql.interrupted", "mysql.too_large",     "mysql.duplicate_column",
                   "mysql.timeout",  "mysql.statement"};
const Raises kChanges{"mysql.duplicate", "mysql.read_only", "mysql.bad_text"};

template <class T>
void declare_query(HandleBuilder<T>& type) {
  type.observe("query", &T::query,
               {{"sql", "one SELECT, SHOW, DESCRIBE, EXPLAIN or WITH ... SELECT"},
                {"values", "one for each ? in it"},
                {"options", "how to query"}},
               "Ask for rows; each is a table, its columns the keys", kConnects, kRuns, Raises{"mysql.not_a_query"},
               Returns{"the rows; they and each of them also have `columns`, the names in order"});
}

template <class T>
void declare_execute(HandleBuilder<T>& type) {
  type.change("execute", &T::execute,
              {{"sql", "one statement"}, {"values", "one for each ? in it"}, {"options", "how to execute"}},
              "Execute a statement that changes something", kConnects, kRuns, kChanges);
}

void declare_database(Module& module) {
  auto database = module.type<Database>("Database", "A MySQL or MariaDB server", &Database::subject);
  declare_query(database);
  declare_execute(database);
  database
      .observe("alive", &Database::alive, {}, "Tell whether the server answers", kConnects,
               Returns{"false: refused, unroutable or silent"})
      .change("insert_many", &Database::insert_many,
              {{"table", "the table, or database.table"},
               {"rows", "tables with the column names as keys; a column a row lacks becomes NULL"},
               {"options", "how to insert"}},
              "Insert rows by statements of many rows each, in one transaction", kConnects, kRuns, kChanges)
      .change("script", &Database::script, {{"source", "the text, or {file = PATH}"}, {"options", "how to run it"}},
              "Run statements one after the other, up to the first error; in one transaction where they change rows "
              "alone",
              kConnects, Raises{"mysql.script", "mysql.parse", "mysql.bad_text", "mysql.script_file", "mysql.timeout"})
      .observe("open_session", &Database::open_session, {}, "A connection of its own", Hidden{})
      .observe("begin", &Database::begin, {{"planned", "nothing is sent"}}, "Begin a transaction", Hidden{})
      .observe("database", &Database::database, {}, "The one it has chosen, or none", Hidden{})
      .observe("client_options", &Database::client_options, {{"ca", "certificates to trust, where the client runs"}},
               "The option file that leads MySQL's own programs to the same server", Hidden{})
      .closes(&Database::close);
}

void declare_session(Module& module) {
  auto session = module.type<Session>("Session", "One connection of its own, from session()", &Session::subject);
  declare_query(session);
  declare_execute(session);
  session.closes(&Session::close);
}

// Its statements are no changes of their own: until the commit nothing has happened.
void declare_transaction(Module& module) {
  auto transaction =
      module.type<Transaction>("Transaction", "What runs inside of transaction()", &Transaction::subject);
  declare_query(transaction);
  transaction.observe("execute", &Transaction::execute,
                      {{"sql", "one statement that changes rows, or locks them"},
                       {"values", "one for each ? in it"},
                       {"options", "how to execute"}},
                      "Execute a statement; it takes effect with the transaction", kRuns, kChanges,
                      Raises{"mysql.not_transactional"});
  transaction.observe("statements", &Transaction::statements, {}, "What it executed", Hidden{})
      .change("commit", &Transaction::commit, {{"statements", "what it executed"}}, "Commit", Hidden{})
      .observe("rollback", &Transaction::rollback, {}, "Roll back", Hidden{})
      .closes(&Transaction::close);
}

void declare_times(Module& module) {
  module.observe("to_epoch", to_epoch, {{"text", "a DATE, DATETIME or TIMESTAMP"}, {"options", "whose clock it is of"}},
                 "Make a number of a date",
                 Returns{"seconds since 1970; nil for 0000-00-00, or where month or day is 0"},
                 Example{"local mysql = require \"mysql\"\n"
                         "print(mysql.to_epoch(\"2024-02-29 08:00:00\", { utc_offset = \"+08:00\" }))"});
  module.observe("from_epoch", from_epoch, {{"seconds", "since 1970"}, {"options", "whose clock it is for"}},
                 "Make the text of a DATETIME, to be bound to a ?");
  module.observe("to_seconds", to_seconds, {{"text", "a TIME, up to \"838:59:59\", also below zero"}},
                 "Make a number of a TIME");
}

void declare_errors(Module& module) {
  module.error<ServerFailure>("mysql.unreachable", "there is no connection to the server",
                              "look whether it runs and whether host, port and firewall are right");
  module.error<ServerFailure>("mysql.access", "the server does not let this user do that",
                              "correct user and password, or grant what the message names");
  module.error<ServerFailure>("mysql.unknown_database", "there is no such database", "correct the name");
  module.error<ServerFailure>("mysql.unknown_table", "there is no such table", "correct the name");
  module.error<ServerFailure>("mysql.tls", "the connection was to be encrypted and is not, or not to whom it should be",
                              "repair the server's TLS, or the `tls` option: ca, server_name");
  module.error<ServerFailure>("mysql.too_many_connections", "the server takes no further connection",
                              "wait, or raise max_connections");
  module.error<ServerFailure>("mysql.refused", "the server refused the connection for another reason",
                              "the message has its words");
  module.error<ServerFailure>("mysql.lost", "the connection broke while a statement ran",
                              "where maybe_applied is true, look whether it took effect before sending it again");
  module.error<ServerFailure>("mysql.syntax", "the server cannot read the statement", "correct it");
  module.error<ServerFailure>("mysql.lock_timeout", "another transaction holds a lock for too long",
                              "try again; look for the transaction that holds it");
  module.error<ServerFailure>("mysql.deadlock", "the server ended this transaction to resolve a deadlock",
                              "run the whole transaction again");
  module.error<ServerFailure>("mysql.interrupted", "someone ended the statement, or the server's own limit did",
                              "find out who: KILL, max_statement_time, max_execution_time");
  module.error<ServerFailure>("mysql.duplicate", "a unique key has that value already", "look at the row there is");
  module.error<ServerFailure>("mysql.read_only", "the server or the session takes no changes",
                              "send it to the primary; `query` is for what reads");
  module.error<ServerFailure>("mysql.too_large", "a statement or result is larger than a limit",
                              "raise max_allowed_packet, or read and write in parts");
  module.error<ServerFailure>("mysql.bad_text", "text is not in the character set it should be",
                              "look at the encoding of what was sent");
  module.error<ServerFailure>("mysql.statement", "the server refused the statement for another reason",
                              "the message has its words, err.detail.errno its number");
  module.error<ScriptFailure>("mysql.script", "a statement of a script failed, and the script stopped there",
                              "err.detail says which, and what of the script stays");
  module.error("mysql.parse", "SQL that cannot be read for sure", "the message has the line");
  module.error("mysql.script_file", "a script's file cannot be read", "correct the path");
  module.error("mysql.not_transactional", "a statement that would end the transaction it stands in",
               "execute it outside of transaction()");
  module.error<ScriptFailure>("mysql.timeout",
                              "there was no answer within `timeout`. A second connection told the server to end the "
                              "statement (KILL QUERY); where "
                              "that failed the message says so, and the statement may still run there. Of a script "
                              "err.detail says where it was",
                              "give it more time with `timeout`, or find out what it waits for");
  module.error("mysql.not_a_query", "`query` was given something that may change something",
               "use `execute`; one statement at a time");
  module.error("mysql.duplicate_column", "two columns of a result have one name", "name them with AS");
  module.error("mysql.busy", "two statements at once in one session or transaction",
               "let one fiber work in it, or give each a session of its own");
  module.error("mysql.session_ended", "a session's connection is gone, with all it had",
               "begin the session or transaction again");
  module.error("mysql.defaults_file", "an option file cannot be used", "the message says why");
}

}  // namespace

void declare(Module& module) {
  module.doc(
      "Speaks to MySQL and MariaDB servers. A connection opens on first use; each call draws a free one of the same "
      "arguments, so calls of several fibers run at once. Values are bound by the server, never put into the text.\n\n"
      "Integers are exact (beyond 2^53 they are `ops.int64`), BIT and YEAR too. DECIMAL, dates, times and JSON are the "
      "server's text, BLOBs its bytes, FLOAT and DOUBLE numbers. NULL is nil: `row.columns` lists the names.");
  module.observe("connect", connect, {{"options", "where, and who we are"}},
                 "Open a server; nothing is sent before the first call", Raises{"mysql.defaults_file"},
                 Example{"local mysql = require \"mysql\"\n"
                         "local db = mysql.connect({ host = \"127.0.0.1\", user = \"app\", database = \"app\" })\n"
                         "print(db)"});
  module.hidden_type<Cursor>("Cursor");
  declare_database(module);
  declare_session(module);
  declare_transaction(module);
  module.observe("parse", parse, {{"sql", "statements, with DELIMITER as the mysql client takes it"}},
                 "Take SQL apart and tell what each statement is, by its first words", Raises{"mysql.parse"},
                 Example{"local mysql = require \"mysql\"\n"
                         "for _, statement in ipairs(mysql.parse(\"SELECT 1; DROP TABLE t\")) do\n"
                         "  print(statement.line, statement.kind, statement.verb)\n"
                         "end"});
  declare_times(module);
  module.observe("fetch_more", fetch_more, {{"cursor", "rows on their way"}, {"options", "how long to wait"}},
                 "The next rows", Hidden{});
  module.observe("close_cursor", close_cursor, {{"cursor", "rows on their way"}}, "Give up the rest", Hidden{});
  module.observe("normalize_replica_status", normalize_replica_status, {{"rows", "what the server answered"}},
                 "One record for each channel", Hidden{});
  declare_errors(module);
}

}  // namespace opshost::mysql
