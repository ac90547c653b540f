import DeepLabNet
import Foundation

/// Threads that train together as processes do.
final class ThreadGroup: TrainingGroup {
  let rank: Int
  let count: Int
  private let meeting: Meeting

  private init(rank: Int, of meeting: Meeting) {
    self.rank = rank
    self.meeting = meeting
    count = meeting.count
  }

  /// What `body` returns in each of `count` threads.
  static func run<Result: Sendable>(
    _ count: Int, _ body: @escaping @Sendable (ThreadGroup) throws -> Result
  ) throws -> [Result] {
    let meeting = Meeting(count: count)
    let found = Found<Result>(count: count)
    let done = DispatchSemaphore(value: 0)
    for rank in 0..<count {
      let thread = Thread {
        found.set(rank, Swift.Result { try body(ThreadGroup(rank: rank, of: meeting)) })
        done.signal()
      }
      thread.stackSize = 8 << 20
      thread.start()
    }
    for _ in 0..<count { done.wait() }
    return try found.all.compactMap { try $0?.get() }
  }

  func sum(_ values: UnsafeMutableBufferPointer<Float>) { meeting.sum(values, rank) }
  func sum(_ values: UnsafeMutableBufferPointer<Double>) { meeting.sum(values, rank) }

  private final class Found<Result: Sendable>: @unchecked Sendable {
    private let lock = NSLock()
    private(set) var all: [Swift.Result<Result, any Error>?]

    init(count: Int) { all = Array(repeating: nil, count: count) }

    func set(_ rank: Int, _ result: Swift.Result<Result, any Error>) {
      lock.withLock { all[rank] = result }
    }
  }

  /// Where values are added up once all have come; float32 sums are taken in float64 and rounded.
  private final class Meeting: @unchecked Sendable {
    let count: Int
    private let condition = NSCondition()
    private var parts: [[Double]]
    private var arrived = 0
    private var meetings = 0
    private var sums: [Double] = []

    init(count: Int) {
      self.count = count
      parts = Array(repeating: [], count: count)
    }

    func sum<Value: BinaryFloatingPoint>(
      _ values: UnsafeMutableBufferPointer<Value>, _ rank: Int
    ) {
      condition.withLock {
        parts[rank] = values.map { Double($0) }
        arrived += 1
        if arrived == count {
          sums = parts[0].indices.map { place in parts.reduce(0) { $0 + $1[place] } }
          (arrived, meetings) = (0, meetings + 1)
          condition.broadcast()
        } else {
          let next = meetings + 1
          while meetings < next { condition.wait() }
        }
        for place in values.indices { values[place] = Value(sums[place]) }
      }
    }
  }
}
