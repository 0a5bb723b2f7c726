// SPDX-License-Identifier: Apache-2.0
//
// A shared library that is loaded at run time, without its headers: whoever uses it declares the
// functions. Thread rule: one thread.
#ifndef ROSTER_BENCH_SUITE_LIBRARY_H_
#define ROSTER_BENCH_SUITE_LIBRARY_H_

#include <dlfcn.h>

#include <string>

#include "absl/status/status.h"

namespace roster::suite {

// Stays loaded to the end of the process: the peers have threads of their own in it.
class Library {
 public:
  explicit Library(const std::string& path) : handle_(dlopen(path.c_str(), RTLD_NOW)) {
    if (handle_ == nullptr) Note();
  }

  template <typename Function>
  void Find(const char* name, Function** function) {
    if (handle_ == nullptr) return;
    *function = reinterpret_cast<Function*>(dlsym(handle_, name));
    if (*function == nullptr) Note();
  }

  // Of loading and of all that was looked for.
  const absl::Status& status() const { return status_; }

 private:
  void Note() {
    const char* const error = dlerror();
    if (status_.ok()) status_ = absl::NotFoundError(error == nullptr ? "not there" : error);
  }

  void* const handle_;
  absl::Status status_;
};

}  // namespace roster::suite

#endif  // ROSTER_BENCH_SUITE_LIBRARY_H_
