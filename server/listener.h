// SPDX-License-Identifier: Apache-2.0
//
// The listening socket: which address is allowed, and accepting. Thread rule: the network thread.
#ifndef ROSTER_SERVER_LISTENER_H_
#define ROSTER_SERVER_LISTENER_H_

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstdint>
#include <functional>
#include <string>

#include "absl/status/status.h"

namespace roster::server {

class Listener {
 public:
  using OnSocket = std::function<void(boost::asio::ip::tcp::socket)>;

  // Lifetime: `context` outlives the listener.
  explicit Listener(boost::asio::io_context* context);

  // Whether it may be bound. `address`: an IP address or "localhost". Errors: not an address, not
  // loopback without `allow_unsafe`.
  static absl::Status Check(const std::string& address, bool allow_unsafe);
  // Binds; nobody is answered yet. Errors: as Check; in use.
  absl::Status Bind(const std::string& address, uint16_t port, bool allow_unsafe);
  // From here clients can connect. Errors: in use.
  absl::Status Listen();
  // Accepts until `Close`. When the process is out of descriptors it waits and tries again.
  void Start(OnSocket on_socket);
  void Close();

  std::string Address() const;  // "127.0.0.1:7000"
  uint16_t port() const { return port_; }

 private:
  void Accept();

  boost::asio::ip::tcp::acceptor acceptor_;
  boost::asio::steady_timer retry_;
  OnSocket on_socket_;
  std::string host_;
  uint16_t port_ = 0;
};

}  // namespace roster::server

#endif  // ROSTER_SERVER_LISTENER_H_
