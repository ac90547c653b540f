import Foundation
import LatticeCHeader
import Testing

/// Calls that end early because somebody asked for it.
struct CancellationTests {
  /// This thread's flag, for as long as `body` runs.
  private func withFlag(_ value: Int32, _ body: (UnsafeMutablePointer<Int32>) throws -> Void) throws
  {
    let flag = UnsafeMutablePointer<Int32>.allocate(capacity: 1)
    flag.initialize(to: value)
    defer { flag.deallocate() }
    try #require(latticecrf_set_cancel_flag(flag) == LATTICECRF_OK)
    defer { _ = latticecrf_set_cancel_flag(nil) }
    try body(flag)
  }

  @Test("a cancelled call changes and writes nothing, and the next one works", arguments: [0, 2])
  func nothingHalfDone(filter: Int32) throws {
    let painted = try Painted()
    #expect(painted.setUnary() == LATTICECRF_OK)
    let expected = try #require(painted.run())
    func addKernel() -> latticecrf_status {
      painted.term(filter: filter) {
        latticecrf_crf_add_position_kernel(painted.number, [2], 1, 0, $0)
      }
    }
    try withFlag(1) { flag in
      #expect(addKernel() == LATTICECRF_CANCELLED)
      #expect(Painted.error.contains("cancelled"))
      var marginals = [Float](repeating: -1, count: 96)
      #expect(painted.infer(5, 0, &marginals) == LATTICECRF_CANCELLED)
      #expect(painted.infer(5, 0.1, &marginals) == LATTICECRF_CANCELLED)
      #expect(marginals.allSatisfy { $0 == -1 })
      var labels = [UInt16](repeating: 9, count: 48)
      #expect(painted.infer(5, 0, nil, labels: &labels) == LATTICECRF_CANCELLED)
      #expect(labels.allSatisfy { $0 == 9 })
      var start = expected
      #expect(latticecrf_crf_step(painted.number, &start, 96, 0) == LATTICECRF_CANCELLED)
      #expect(start == expected)
      flag.pointee = 0
      #expect(painted.run() == expected)
    }
    #expect(addKernel() == LATTICECRF_OK)
    #expect(painted.run() != expected)
  }

  @Test("another thread ends a call that would last for minutes")
  func fromAnotherThread() throws {
    let points = 300 * 300
    var number: latticecrf_crf = 0
    try #require(latticecrf_crf_create([300, 300], 2, 4, 2, &number) == LATTICECRF_OK)
    defer { _ = latticecrf_crf_destroy(number) }
    let features = (0..<2 * points).map { Float($0 % 997) / 500 }
    var term = latticecrf_term()
    term.size = UInt64(MemoryLayout<latticecrf_term>.size)
    var weight: Float = 1
    try withUnsafePointer(to: &weight) { weight in
      term.compatibility = weight
      term.compatibility_count = 1
      term.filter = 2
      try #require(
        latticecrf_crf_add_feature_kernel(
          number, features, Int64(features.count), 2, 0, 0, nil, 0, &term) == LATTICECRF_OK)
    }
    try withFlag(0) { flag in
      nonisolated(unsafe) let flag = flag
      Thread.detachNewThread {
        Thread.sleep(forTimeInterval: 0.3)
        flag.pointee = 1
      }
      var marginals = [Float](repeating: -1, count: 4 * points)
      // 4·10⁹ pairs an update, of which a core does some 10⁹ a second.
      var inference = latticecrf_inference(
        size: 16, iterations: 1000, tolerance: 0, solver: nil)
      let status = latticecrf_crf_infer(
        number, &inference, &marginals, Int64(marginals.count), 0, nil, 0)
      #expect(status == LATTICECRF_CANCELLED)
      #expect(marginals.allSatisfy { $0 == -1 })
    }
  }

  @Test("memory that is kept for later calls is given back on request")
  func release() throws {
    let painted = try Painted()
    #expect(painted.setUnary() == LATTICECRF_OK)
    let expected = painted.run()
    #expect(latticecrf_release_memory() == LATTICECRF_OK)
    #expect(painted.run() == expected)
  }
}
