// A million waits leak nothing.
#include "test_runtime.hpp"

using opshost::test::TestRuntime;

TEST_CASE("a million park and resume cycles leave no memory, timer or fiber behind") {
  TestRuntime test;
  const auto& allocator = test.runtime.vm().allocator();
  const std::string turns =
      "ops.each({1, 2, 3, 4}, {}, function() for i = 1, N do bench.at_once() end end) collectgarbage() "
      "collectgarbage()";
  const auto turn = [&](const std::string& count) {
    auto text = turns;
    text.replace(text.find('N'), 1, count);
    CHECK(test.run(text).empty());
  };
  turn("1000");
  const auto before = allocator.used();
  turn("250000");
  CHECK(allocator.used() < before + (64U << 10U));
  CHECK(test.runtime.scheduler().timers().size() == 0);
  CHECK(test.runtime.scheduler().fiber_count() == 0);
}
