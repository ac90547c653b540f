import LatticeSupport

extension Conformance {
  /// The promises that were looked at, and which of them are kept.
  public struct Report: Sendable, Hashable {
    /// One promise, which may have been looked at many times.
    public struct Promise: Sendable, Hashable {
      /// What is promised.
      public let text: String
      /// What was found where it is broken.
      public fileprivate(set) var found: [String] = []

      /// Whether it is kept.
      public var isKept: Bool { found.isEmpty }
    }

    /// Each promise once, in the order in which they were looked at.
    public private(set) var promises: [Promise] = []

    /// A report of nothing.
    public init() {}

    /// Whether all promises are kept.
    public var isKept: Bool { promises.allSatisfy(\.isKept) }

    /// What is broken.
    public var violations: [Violation] {
      promises.flatMap { promise in
        promise.found.map { Violation(promise: promise.text, found: $0) }
      }
    }

    /// Adds what another report says, of the same promises or of others.
    public mutating func add(_ other: Report) {
      for promise in other.promises {
        let place = self.place(of: promise.text)
        promises[place].found += promise.found
      }
    }

    /// The same with `place` in front of everything that was found: `d = 3: 0.2 off`.
    public func at(_ place: String) -> Report {
      var report = self
      for index in promises.indices {
        report.promises[index].found = promises[index].found.map { "\(place): \($0)" }
      }
      return report
    }

    /// Notes that a promise was looked at, and as broken unless `isKept`.
    mutating func expect(
      _ isKept: Bool, _ promise: String, _ found: @autoclosure () -> String = "it is not so"
    ) {
      let place = self.place(of: promise)
      if !isKept { promises[place].found.append(found()) }
    }

    private mutating func place(of promise: String) -> Int {
      if let place = promises.firstIndex(where: { $0.text == promise }) { return place }
      promises.append(Promise(text: promise))
      return promises.count - 1
    }

    /// Two results that must be the same, number by number.
    mutating func expectSame(_ first: [Float], _ second: [Float], _ promise: String) {
      guard first.count == second.count else {
        return expect(false, promise, "\(first.count) and \(second.count) numbers")
      }
      let index = first.indices.first { first[$0].bitPattern != second[$0].bitPattern }
      expect(
        index == nil, promise,
        index.map { "number \($0) is \(first[$0]), then \(second[$0])" } ?? "")
    }

    /// A mean error, and what is promised of it.
    mutating func expectAccuracy(_ error: Double, _ promised: Double) {
      // Written so that NaN fails.
      expect(
        error <= promised, "weighted means are as close to those of all pairs as is promised",
        "\(error) off on average instead of \(promised)")
    }

    /// Rows of probabilities.
    mutating func expectDistributions(_ values: ChannelField, _ promise: String) {
      for point in 0..<values.points {
        var sum: Float = 0
        for label in 0..<values.channels {
          let q = values[point, label]
          guard q >= 0, q <= 1 + 1e-6 else {
            return expect(false, promise, "label \(label) of point \(point) has \(q)")
          }
          sum += q
        }
        // L float32 numbers that were rounded once each.
        guard abs(sum - 1) <= 1e-5 else {
          return expect(false, promise, "those of point \(point) sum to \(sum)")
        }
      }
      expect(true, promise)
    }
  }
}
