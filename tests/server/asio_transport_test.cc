// SPDX-License-Identifier: Apache-2.0
//
// The task queue of the network thread over a real io_context: one wake for many tasks, late tasks
// behind what is ready, sockets between rounds.
#include "server/asio_transport.h"

#include <boost/asio/post.hpp>
#include <catch2/catch.hpp>
#include <functional>
#include <string>
#include <thread>
#include <vector>

namespace roster::server {
namespace {

TEST_CASE("tasks of many threads run in one turn, each thread's in order") {
  boost::asio::io_context context;
  AsioTaskQueue queue(&context);
  constexpr int kTasks = 100;
  std::vector<int> last(3, -1);
  int wrong = 0;
  std::vector<std::thread> threads;
  for (size_t t = 0; t < last.size(); ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < kTasks; ++i) {
        queue.Post([&, t, i] { wrong += std::exchange(last[t], i) != i - 1; });
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(context.poll() == 1);
  CHECK(wrong == 0);
  CHECK(last == std::vector<int>(3, kTasks - 1));
  queue.Post([] {});
  context.restart();
  CHECK(context.poll() == 1);  // it is woken again
}

TEST_CASE("a late task runs behind everything that was ready") {
  boost::asio::io_context context;
  AsioTaskQueue queue(&context);
  std::string order;
  queue.Post([&] {
    order += 'a';
    queue.PostLate([&] { order += 'z'; });
    queue.Post([&] { order += 'b'; });
  });
  boost::asio::post(context, [&] {  // as what a socket brings
    order += 'c';
    queue.Post([&] { order += 'd'; });
  });
  context.run();
  CHECK(order == "abcdz");
}

TEST_CASE("tasks that bring tasks leave sockets their turn") {
  boost::asio::io_context context;
  AsioTaskQueue queue(&context);
  int rounds = 0;
  int rounds_before_socket = -1;
  std::function<void()> again = [&] {
    if (++rounds < 50) queue.Post(again);
  };
  queue.Post(again);
  boost::asio::post(context, [&] { rounds_before_socket = rounds; });
  context.run();
  CHECK(rounds == 50);
  CHECK(rounds_before_socket > 0);
  CHECK(rounds_before_socket < 10);
}

}  // namespace
}  // namespace roster::server
