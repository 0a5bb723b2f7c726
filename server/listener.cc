// SPDX-License-Identifier: Apache-2.0
//
// Binds and accepts.
#include "server/listener.h"

#include <boost/asio/ip/address.hpp>
#include <chrono>
#include <utility>

#include "absl/status/statusor.h"
#include "roster/error.h"
#include "server/metrics.h"

namespace roster::server {
namespace {

using boost::asio::ip::tcp;
using boost::system::error_code;

constexpr int kBacklog = 1024;
constexpr std::chrono::milliseconds kRetry{100};

absl::Status Fail(const std::string& address, const error_code& error) {
  return MakeError(ErrorCode::kErr, "cannot listen on " + address + ": " + error.message());
}

absl::StatusOr<boost::asio::ip::address> Parse(const std::string& address) {
  error_code error;
  const auto parsed =
      boost::asio::ip::make_address(address == "localhost" ? "127.0.0.1" : address, error);
  if (error) return MakeError(ErrorCode::kErr, "not an IP address: " + address);
  return parsed;
}

}  // namespace

Listener::Listener(boost::asio::io_context* context) : acceptor_(*context), retry_(*context) {}

absl::Status Listener::Check(const std::string& address, bool allow_unsafe) {
  const auto parsed = Parse(address);
  if (!parsed.ok()) return parsed.status();
  if (!parsed->is_loopback() && !allow_unsafe) {
    return MakeError(ErrorCode::kErr,
                     "refusing to listen on " + address +
                         ": there is no password and no encryption, so whoever reaches this "
                         "address can read and change every profile; --allow-unsafe-bind accepts "
                         "that");
  }
  return absl::OkStatus();
}

absl::Status Listener::Bind(const std::string& address, uint16_t port, bool allow_unsafe) {
  if (absl::Status checked = Check(address, allow_unsafe); !checked.ok()) return checked;
  const boost::asio::ip::address parsed = *Parse(address);
  const tcp::endpoint endpoint(parsed, port);
  error_code error;
  acceptor_.open(endpoint.protocol(), error);
  if (!error) acceptor_.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error) acceptor_.bind(endpoint, error);
  if (error) return Fail(address + ":" + std::to_string(port), error);
  host_ = parsed.is_v6() ? "[" + parsed.to_string() + "]" : parsed.to_string();
  port_ = acceptor_.local_endpoint(error).port();
  return absl::OkStatus();
}

absl::Status Listener::Listen() {
  error_code error;
  acceptor_.listen(kBacklog, error);
  if (error) return Fail(Address(), error);
  return absl::OkStatus();
}

void Listener::Start(OnSocket on_socket) {
  on_socket_ = std::move(on_socket);
  Accept();
}

void Listener::Accept() {
  acceptor_.async_accept([this](const error_code& error, tcp::socket socket) {
    if (error == boost::asio::error::operation_aborted) return;
    if (!error) {
      on_socket_(std::move(socket));
      if (acceptor_.is_open()) Accept();
      return;
    }
    Log("accept_failed", {{"reason", error.message()}});
    retry_.expires_after(kRetry);
    retry_.async_wait([this](const error_code& stopped) {
      if (!stopped && acceptor_.is_open()) Accept();
    });
  });
}

void Listener::Close() {
  error_code ignored;
  acceptor_.close(ignored);
  retry_.cancel();
}

std::string Listener::Address() const { return host_ + ":" + std::to_string(port_); }

}  // namespace roster::server
