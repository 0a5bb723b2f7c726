// SPDX-License-Identifier: Apache-2.0
//
// Sockets that never block and a task queue, over Boost.Asio.
#include "server/asio_transport.h"

#include <boost/asio/buffer.hpp>
#include <boost/asio/post.hpp>
#include <utility>

namespace roster::server {
namespace {

using boost::asio::ip::tcp;
using boost::system::error_code;

// Of tasks before sockets are looked at again: a flush, its answers, sending them, and one over.
constexpr int kRounds = 4;

std::string NameOf(const tcp::socket& socket) {
  error_code error;
  const tcp::endpoint peer = socket.remote_endpoint(error);
  if (error) return "unknown";
  const std::string address = peer.address().to_string(error);
  const std::string shown = peer.address().is_v6() ? "[" + address + "]" : address;
  return shown + ":" + std::to_string(peer.port());
}

IoResult ToResult(const error_code& error, size_t bytes) {
  if (!error) return {IoResult::State::kDone, bytes};
  if (error == boost::asio::error::would_block || error == boost::asio::error::try_again) {
    return {IoResult::State::kWouldBlock, 0};
  }
  return {IoResult::State::kClosed, 0};
}

}  // namespace

AsioTransport::AsioTransport(tcp::socket socket)
    : socket_(std::move(socket)), peer_name_(NameOf(socket_)) {
  error_code ignored;
  socket_.non_blocking(true, ignored);
  socket_.set_option(tcp::no_delay(true), ignored);
}

IoResult AsioTransport::Read(char* buffer, size_t size) {
  error_code error;
  const size_t bytes = socket_.read_some(boost::asio::buffer(buffer, size), error);
  const IoResult result = ToResult(error, bytes);
  const bool ended = error == boost::asio::error::eof;
  return result.state != IoResult::State::kClosed || ended ? result
                                                           : IoResult{IoResult::State::kBroken, 0};
}

IoResult AsioTransport::Write(std::string_view bytes) {
  error_code error;
  const size_t written = socket_.write_some(boost::asio::buffer(bytes.data(), bytes.size()), error);
  return ToResult(error, written);
}

void AsioTransport::WhenReadable(std::function<void()> ready) {
  socket_.async_wait(tcp::socket::wait_read, [ready = std::move(ready)](const error_code& error) {
    if (error != boost::asio::error::operation_aborted) ready();
  });
}

void AsioTransport::WhenWritable(std::function<void()> ready) {
  socket_.async_wait(tcp::socket::wait_write, [ready = std::move(ready)](const error_code& error) {
    if (error != boost::asio::error::operation_aborted) ready();
  });
}

void AsioTransport::ShutdownWrite() {
  error_code ignored;
  socket_.shutdown(tcp::socket::shutdown_send, ignored);
}

void AsioTransport::Close() {
  error_code ignored;
  socket_.close(ignored);
}

void AsioTaskQueue::Post(std::function<void()> task) {
  {
    const std::lock_guard lock(mutex_);
    tasks_.push_back(std::move(task));
    if (std::exchange(awaited_, true)) return;
  }
  boost::asio::post(*context_, [this] { RunAll(); });
}

// What the loop finds when it looks at the sockets runs behind what was posted before: so this goes
// round twice, or those few would be left for a turn of their own.
void AsioTaskQueue::PostLate(std::function<void()> task) {
  boost::asio::post(*context_, [this, task = std::move(task)]() mutable { Post(std::move(task)); });
}

void AsioTaskQueue::RunAll() {
  std::vector<std::function<void()>> tasks;
  for (int round = 0; round < kRounds; ++round) {
    {
      const std::lock_guard lock(mutex_);
      tasks.swap(tasks_);
      awaited_ = !tasks.empty();
    }
    if (tasks.empty()) return;
    for (std::function<void()>& task : tasks) {
      task();
      task = nullptr;
    }
    tasks.clear();
  }
  boost::asio::post(*context_, [this] { RunAll(); });
}

}  // namespace roster::server
