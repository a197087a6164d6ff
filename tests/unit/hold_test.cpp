// Fibers that stand still for a while.
#include "host/fiber/hold.hpp"

#include "host/fiber/lease.hpp"
#include "host/fiber/scheduler.hpp"
#include "test_runtime.hpp"

using namespace opshost;
using opshost::fiber::Fiber;
using opshost::fiber::Hold;

namespace {

struct FakeLease : fiber::Lease {
  bool in_doubt() override { return doubted; }
  bool doubted = false;
};

/// Fibers that count their steps, and a loop that turns.
struct World {
  Fiber& begin(std::shared_ptr<Hold> hold) {
    lua_pushlightuserdata(scheduler.main(), &steps);
    lua_pushcclosure(
        scheduler.main(),
        [](lua_State* state) {
          ++*static_cast<int*>(lua_touserdata(state, lua_upvalueindex(1)));
          return 0;
        },
        1);
    auto& fiber = scheduler.spawn(nullptr, scheduler.main(), 0);
    fiber.hold = std::move(hold);
    return fiber;
  }
  void turn() {
    for (int i = 0; i < 3; ++i) {
      bool turned = false;
      asio::post(scheduler.io(), [&turned] { turned = true; });
      scheduler.run_until([&turned] { return turned; });
    }
  }
  void end(Fiber& fiber) {
    CHECK(scheduler.run_until_ended(fiber));
    scheduler.discard(fiber);
  }

  test::TestRuntime test;
  fiber::Scheduler& scheduler = test.runtime.scheduler();
  int steps = 0;
};

}  // namespace

TEST_CASE("a fiber stands still while its hold is on, and goes on when that is off") {
  World world;
  const auto hold = std::make_shared<Hold>(nullptr);
  hold->set(true, world.scheduler);
  CHECK(hold->is_on());
  auto& kept = world.begin(hold);
  auto& other = world.begin(nullptr);
  world.end(other);
  world.turn();
  CHECK(world.steps == 1);
  hold->set(false, world.scheduler);
  world.end(kept);
  CHECK(world.steps == 2);
}

TEST_CASE("an outer hold keeps what is under an inner one, which does not let it go") {
  World world;
  const auto outer = std::make_shared<Hold>(nullptr);
  const auto inner = std::make_shared<Hold>(outer);
  outer->set(true, world.scheduler);
  auto& kept = world.begin(inner);
  world.turn();
  inner->set(false, world.scheduler);
  world.turn();
  CHECK(world.steps == 0);
  outer->set(false, world.scheduler);
  world.end(kept);
  CHECK(world.steps == 1);
}

TEST_CASE("a fiber that was told to stop is not kept, or let go") {
  World world;
  const auto hold = std::make_shared<Hold>(nullptr);
  hold->set(true, world.scheduler);
  auto& kept = world.begin(hold);
  world.turn();
  CHECK(world.steps == 0);
  Fiber stopped(nullptr, 0, nullptr);
  stopped.stop_reason = StopReason::cancelled;
  CHECK_FALSE(Hold::keeps(hold.get(), stopped));
  Hold::let_go(hold.get(), kept, world.scheduler);
  kept.stop_reason = StopReason::cancelled;
  world.scheduler.run_until_ended(kept);
  world.scheduler.discard(kept);
}

TEST_CASE("a lease in doubt keeps fibers until the hold is set to off") {
  World world;
  const auto lease = std::make_shared<FakeLease>();
  const auto hold = std::make_shared<Hold>(nullptr, lease);
  auto& first = world.begin(hold);
  world.end(first);
  CHECK(world.steps == 1);
  lease->doubted = true;
  auto& kept = world.begin(hold);
  world.turn();
  lease->doubted = false;
  world.turn();
  CHECK(world.steps == 1);
  hold->set(false, world.scheduler);
  world.end(kept);
  CHECK(world.steps == 2);
}
