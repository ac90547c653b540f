import LatticeSupport

extension Parallelism {
  /// What `--threads` says: a number, or nothing for `automatic`.
  ///
  /// - Throws: `InputError` where the number makes no sense.
  package init(option threads: Int?) throws {
    guard let threads else {
      self = .automatic
      return
    }
    guard (1...4096).contains(threads) else {
      throw InputError(
        .usage, at: "--threads", "is \(threads), but must be 1…4096",
        remedy: "leave it out to use every processor")
    }
    self.init(threads: threads)
  }
}
