// SPDX-License-Identifier: Apache-2.0
//
// The real seams: a TCP socket and a task queue over Boost.Asio.
// Thread rule: as transport.h says.
#ifndef ROSTER_SERVER_ASIO_TRANSPORT_H_
#define ROSTER_SERVER_ASIO_TRANSPORT_H_

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "server/transport.h"

namespace roster::server {

class AsioTransport : public Transport {
 public:
  explicit AsioTransport(boost::asio::ip::tcp::socket socket);

  IoResult Read(char* buffer, size_t size) override;
  IoResult Write(std::string_view bytes) override;
  void WhenReadable(std::function<void()> ready) override;
  void WhenWritable(std::function<void()> ready) override;
  void ShutdownWrite() override;
  void Close() override;
  std::string PeerName() const override { return peer_name_; }

 private:
  boost::asio::ip::tcp::socket socket_;
  const std::string peer_name_;
};

// Tasks of other threads wake the network thread once, not once each. Tasks that tasks post follow
// at once, a few rounds of them, and then sockets have their turn.
class AsioTaskQueue : public TaskQueue {
 public:
  // Lifetime: `context` outlives the queue.
  explicit AsioTaskQueue(boost::asio::io_context* context) : context_(context) {}

  void Post(std::function<void()> task) override;
  void PostLate(std::function<void()> task) override;

 private:
  void RunAll();

  boost::asio::io_context* const context_;
  std::mutex mutex_;
  std::vector<std::function<void()>> tasks_;  // guarded by mutex_
  bool awaited_ = false;                      // guarded by mutex_; RunAll is posted, or runs
};

}  // namespace roster::server

#endif  // ROSTER_SERVER_ASIO_TRANSPORT_H_
