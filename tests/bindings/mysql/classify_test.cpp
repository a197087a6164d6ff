// What a statement is, and whether it only reads.
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "bindings/mysql/syntax/script.hpp"
#include "bindings/mysql/syntax/statement.hpp"

namespace opshost::mysql::syntax {

namespace {

bool only_reads(const std::string& sql) { return classify(sql).only_reads; }

std::vector<std::string> texts(const std::string& script) {
  std::vector<std::string> list;
  for (const auto& statement : split_script(script)) list.emplace_back(statement.text);
  return list;
}

std::string fault_of(const std::string& script) {
  try {
    split_script(script);
  } catch (const SqlFault& fault) {
    return std::to_string(fault.line) + ": " + fault.what;
  }
  return "none";
}

}  // namespace

TEST_CASE("what only reads is a query") {
  for (const char* sql : {
           "SELECT 1",
           "select * from t;",
           "  -- first\n SELECT 1 # last",
           "/* a */ SELECT '; DELETE FROM t'",
           "(SELECT 1) UNION (SELECT 2)",
           "SHOW SLAVE STATUS",
           "DESCRIBE t",
           "desc t",
           "EXPLAIN SELECT 1",
           "EXPLAIN UPDATE t SET a = 1",
           "EXPLAIN INSERT INTO t SELECT 1",
           "EXPLAIN ANALYZE SELECT 1",
           "EXPLAIN ANALYZE FORMAT = TREE SELECT * FROM t",
           "DESCRIBE `analyze`",
           "WITH c AS (SELECT 1) SELECT * FROM c",
           "SELECT `into`, `for update` FROM t",
           "SELECT 'INTO OUTFILE' FROM t",
           "SELECT /*!40001 SQL_NO_CACHE */ * FROM t",
           "SELECT 5--3",
       }) {
    CAPTURE(sql);
    CHECK(only_reads(sql));
  }
}

TEST_CASE("what may do more is none") {
  for (const char* sql : {
           "DELETE FROM t",
           "SELECT 1; DELETE FROM t",
           "SELECT 1 INTO OUTFILE '/tmp/x'",
           "SELECT 1 INTO @a",
           "SELECT * FROM t FOR UPDATE",
           "SELECT * FROM t FOR SHARE",
           "SELECT * FROM t LOCK IN SHARE MODE",
           "WITH c AS (SELECT 1) DELETE FROM t",
           "SELECT 1 /*! INTO OUTFILE '/tmp/x' */",
           "/*! DELETE FROM t */",
           "SELECT 1 /*!99999 ; DELETE FROM t */",
           "EXPLAIN ANALYZE UPDATE t SET a = 1",
           "EXPLAIN ANALYZE UPDATE t SET a = (SELECT 1)",
           "EXPLAIN ANALYZE FORMAT = TREE DELETE FROM t WHERE a IN (SELECT 1)",
           "EXPLAIN ANALYZE SELECT 1 INTO OUTFILE '/tmp/x'",
           "EXPLAIN ANALYZE SELECT * FROM t FOR UPDATE",
           "EXPLAIN ANALYZE WITH c AS (SELECT 1) DELETE FROM t",
           "EXPLAIN ANALYZE",
           "EXPLAIN FORMAT = JSON INTO @plan SELECT 1",
           "ANALYZE UPDATE t SET a = 1",
           "SET GLOBAL read_only = 0",
           "CALL p()",
           "SELECT 'open",
           "SELECT 1 /* open",
           "BOGUS",
           "",
           ";",
           "12",
       }) {
    CAPTURE(sql);
    CHECK_FALSE(only_reads(sql));
  }
}

TEST_CASE("what commits an open transaction, asked or not") {
  const auto ends = [](const char* sql) {
    CAPTURE(sql);
    const auto about = classify(sql);
    REQUIRE(about.known);
    return about.ends_transaction;
  };
  for (const char* sql : {
           "CREATE TABLE t (a INT)",
           "DROP TABLE t",
           "TRUNCATE t",
           "ALTER TABLE t ADD b INT",
           "RENAME TABLE t TO u",
           "GRANT ALL ON *.* TO u",
           "REVOKE ALL ON *.* FROM u",
           "CREATE USER u",
           "DROP ROLE r",
           "SET PASSWORD = 'x'",
           "SET autocommit = 1",
           "SET @a = 1, @@session.autocommit = 1",
           "SET SESSION AUTOCOMMIT=0",
           "SET STATEMENT max_statement_time = 1 FOR DROP TABLE t",
           "LOCK TABLES t WRITE",
           "UNLOCK TABLES",
           "ANALYZE TABLE t",
           "OPTIMIZE TABLE t",
           "REPAIR TABLE t",
           "CHECK TABLE t",
           "FLUSH LOGS",
           "RESET MASTER",
           "START SLAVE",
           "STOP SLAVE",
           "START REPLICA",
           "CHANGE MASTER TO MASTER_PORT = 1",
           "COMMIT",
           "ROLLBACK",
           "BEGIN",
           "START TRANSACTION",
           "XA START 'x'",
           "LOAD INDEX INTO CACHE t",
           "INSTALL PLUGIN p SONAME 'p.so'",
           "/*!40101 DROP TABLE t */",
           "CREATE VIEW v AS SELECT 1",
       }) {
    CHECK(ends(sql));
  }
  for (const char* sql : {
           "INSERT INTO t VALUES (1)",
           "SELECT 1",
           "CALL p()",
           "SAVEPOINT a",
           "ROLLBACK TO a",
           "ROLLBACK WORK TO a",
           "RELEASE SAVEPOINT a",
           "CREATE TEMPORARY TABLE t (a INT)",
           "CREATE OR REPLACE TEMPORARY TABLE t (a INT)",
           "DROP TEMPORARY TABLE t",
           "SET @autocommit = 1",
           "SET @a = 'autocommit'",
           "SET NAMES utf8mb4",
           "SET SESSION sql_mode = ''",
           "USE db",
           "PREPARE p FROM 'x'",
           "KILL 7",
           "ANALYZE UPDATE t SET a = 1",
           "LOAD DATA INFILE 'x' INTO TABLE t",
           "DO 1",
       }) {
    CHECK_FALSE(ends(sql));
  }
}

TEST_CASE("what ROLLBACK can take back") {
  const auto undoable = [](const char* sql) {
    CAPTURE(sql);
    return classify(sql).undoable;
  };
  for (const char* sql : {
           "INSERT INTO t VALUES (1)",
           "SELECT 1",
           "SELECT a FROM t INTO @a",
           "USE db",
           "SET NAMES utf8mb4",
           "/*!40101 SET NAMES utf8 */",
           "SET @a = (SELECT 1), @b = 2",
           "/*!40014 SET @OLD_CHECKS=@@FOREIGN_KEY_CHECKS, FOREIGN_KEY_CHECKS=0 */",
           "SET CHARACTER SET utf8",
           "SET SESSION sql_mode = CONCAT(@@sql_mode, ',x'), time_zone = '+00:00'",
           "DO 1",
       }) {
    CHECK(undoable(sql));
  }
  for (const char* sql : {
           "SELECT 1 INTO OUTFILE '/tmp/x'",
           "SELECT 1 INTO DUMPFILE '/tmp/x'",
           "CALL p()",
           "DROP TABLE t",
           "LOAD DATA INFILE 'x' INTO TABLE t",
           "SET GLOBAL a = 1",
           "SET @a = 1, GLOBAL b = 2",
           "SET @@global.a = 1",
           "SET sql_log_bin = 0",
           "SET autocommit = 0",
           "SET",
           "COMMIT",
           "GRANT ALL ON *.* TO u",
           "FROBNICATE",
       }) {
    CHECK_FALSE(undoable(sql));
  }
}

TEST_CASE("statements are classed by their first words") {
  const auto kind = [](const char* sql) {
    const auto about = classify(sql);
    REQUIRE(about.known);
    return about.kind;
  };
  CHECK(kind("INSERT INTO t VALUES (1)") == StatementKind::dml);
  CHECK(kind("WITH c AS (SELECT 1) UPDATE t SET a = 1") == StatementKind::dml);
  CHECK(kind("CREATE TABLE t (a INT)") == StatementKind::ddl);
  CHECK(kind("CREATE OR REPLACE TABLE t (a INT)") == StatementKind::ddl);
  CHECK(kind("CREATE USER u") == StatementKind::administration);
  CHECK(kind("START SLAVE") == StatementKind::administration);
  CHECK(kind("START TRANSACTION") == StatementKind::transaction);
  CHECK(kind("/*!40101 SET NAMES utf8 */") == StatementKind::administration);
  CHECK(kind("TRUNCATE t") == StatementKind::ddl);
  CHECK_FALSE(classify("FROBNICATE t").known);
  CHECK(classify("FROBNICATE t").why == "no statement begins with FROBNICATE");
  CHECK(classify("SELECT 'x").why == "a string that begins with ' is not closed (line 1)");
}

TEST_CASE("a script is taken apart where its delimiter stands outside of strings and comments") {
  CHECK(texts("SELECT 1; SELECT ';' ;\n-- x;\nSELECT 2") ==
        std::vector<std::string>{"SELECT 1", "SELECT ';'", "SELECT 2"});
  CHECK(texts("DELIMITER //\nCREATE PROCEDURE p() BEGIN SELECT 1; SELECT 2; END//\nDELIMITER ;\nCALL p();") ==
        std::vector<std::string>{"CREATE PROCEDURE p() BEGIN SELECT 1; SELECT 2; END", "CALL p()"});
  CHECK(texts("delimiter $$\nBEGIN; END$$\n") == std::vector<std::string>{"BEGIN; END"});
  CHECK(texts("/*!40101 SET NAMES utf8 */;\nSELECT 1;") ==
        std::vector<std::string>{"/*!40101 SET NAMES utf8 */", "SELECT 1"});
  CHECK(texts("SELECT \"a;b\", `c;d`, 'e''f;', 'g\\';';") ==
        std::vector<std::string>{"SELECT \"a;b\", `c;d`, 'e''f;', 'g\\';'"});
  CHECK(texts("/*M!999999\\- enable the sandbox mode */ \nSELECT 1; /*!999999 x */ SELECT 2") ==
        std::vector<std::string>{"SELECT 1", "SELECT 2"});
  CHECK(texts("\xEF\xBB\xBFSELECT 1;") == std::vector<std::string>{"SELECT 1"});
  CHECK(texts("  \n-- nothing\n").empty());
  CHECK(texts("SELECT 1 -- why; not\n;") == std::vector<std::string>{"SELECT 1"});
}

TEST_CASE("a statement knows its line") {
  const auto statements = split_script("SELECT 1;\n\n-- c\nSELECT\n2;\nSELECT 3");
  REQUIRE(statements.size() == 3);
  CHECK(statements[0].line == 1);
  CHECK(statements[1].line == 4);
  CHECK(statements[2].line == 6);
}

TEST_CASE("what no server could read is refused with its line") {
  CHECK(fault_of("SELECT 1;\nSELECT 'open;\n") == "2: a string that begins with ' is not closed");
  CHECK(fault_of("\n/* open") == "2: a comment that begins with /* is not closed");
  CHECK(fault_of("SELECT `a") == "1: a name that begins with ` is not closed");
  CHECK(fault_of("SELECT 1;\nsource other.sql\n") == "2: \"source\" is a command of the mysql client, no SQL");
  CHECK(fault_of("\\. other.sql\n") == "1: \\. is a command of the mysql client, no SQL");
  CHECK(fault_of("SELECT 1\\G\n") ==
        "1: a backslash outside of a string; \\G and \\g are commands of the mysql client");
  CHECK(fault_of("DELIMITER\nSELECT 1;") == "1: DELIMITER without a delimiter");
}

}  // namespace opshost::mysql::syntax
