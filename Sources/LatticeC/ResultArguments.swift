import LatticeCHeader
import LatticeSupport
import Unaries

/// Where a caller wants marginals and labels, checked.
struct ResultArguments {
  private let marginals: UnsafeMutablePointer<Float>?
  private let labels: UnsafeMutablePointer<UInt16>?
  private let layout: ChannelLayout

  init(
    _ marginals: UnsafeMutablePointer<Float>?, _ marginalCount: Int64, layout: Int32,
    _ labels: UnsafeMutablePointer<UInt16>?, _ labelCount: Int64, of grid: GridShape,
    labels count: Int
  ) throws {
    guard marginals != nil || labels != nil else {
      throw CallError.argument("marginals and labels are both null: nothing is asked for")
    }
    self.layout = try ChannelLayout(layout)
    self.marginals = try marginals.map { try Arguments.pointer($0, "marginals") }
    self.labels = try labels.map { try Arguments.pointer($0, "labels", alignment: 2) }
    if marginals != nil {
      try Arguments.count(marginalCount, count, grid.count, "the array of marginals")
    }
    if labels != nil { try Arguments.count(labelCount, 1, grid.count, "the array of labels") }
  }

  var wantsLabels: Bool { labels != nil }

  func write(marginals result: Marginals, parallelism: Parallelism) {
    guard let marginals else { return }
    layout.write(result.values, to: marginals, parallelism: parallelism)
  }

  func write(labels result: LabelMap) {
    guard let labels else { return }
    result.labels.withUnsafeBufferPointer { source in
      if let first = source.baseAddress { labels.update(from: first, count: source.count) }
    }
  }
}
