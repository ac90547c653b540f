import CKernels
import LatticeSupport

/// The lines of a planar lattice: where their rows are, and which of their columns hold vertices.
struct PlanarLines: Sendable {
  /// Lines.
  let count: Int
  /// Columns of a line.
  let width: Int
  /// t of line 0.
  let lastT: Int
  /// Rows of a line's first column, segment after segment; a line that several segments use has
  /// several.
  private let rows: [UInt32]
  private let rowStarts: [Int]
  /// First and end of each run of columns with vertices.
  private let runs: [UInt32]
  private let runStarts: [Int]

  /// - Parameters:
  ///   - segmentRows: the first row of each segment.
  ///   - present: for each segment, 1 for the rows that its points use.
  init(
    _ frame: PlanarFrame, segmentRows: [Int], present: [AlignedBuffer<UInt8>],
    parallelism: Parallelism
  ) {
    count = frame.lineCount
    width = frame.width
    lastT = frame.lastT
    var rows: [UInt32] = []
    var rowStarts = [0]
    var runs: [UInt32] = []
    var runStarts = [0]
    let columns = AlignedBuffer<UInt8>(uninitialized: width)
    for line in 0..<count {
      columns.clear(0..<width)
      for (segment, lines) in frame.segmentLines.enumerated() where lines.contains(line) {
        let first = (line - lines.lowerBound) * width
        let marks = present[segment].base + first
        var used: UInt8 = 0
        for column in 0..<width {
          used |= marks[column]
          columns.base[column] |= marks[column]
        }
        if used != 0 { rows.append(UInt32(segmentRows[segment] + first)) }
      }
      rowStarts.append(rows.count)
      var column = 0
      while column < width {
        guard columns.base[column] == 1 else {
          column += 1
          continue
        }
        let first = column
        while column < width && columns.base[column] == 1 { column += 1 }
        runs += [UInt32(first), UInt32(column)]
      }
      runStarts.append(runs.count)
    }
    (self.rows, self.rowStarts) = (rows, rowStarts)
    (self.runs, self.runStarts) = (runs, runStarts)
  }

  /// The rows at which copies of a line begin, in the order of segments; the first is its owner.
  /// Empty where a line holds no vertex.
  func rows(of line: Int) -> ArraySlice<UInt32> {
    rows[rowStarts[line]..<rowStarts[line + 1]]
  }

  /// 1 where X is odd on the line.
  func parity(of line: Int) -> Int { (lastT - line) & 1 }

  /// Writes `centre` + ½ (its neighbours along `axis`) to `output`.
  ///
  /// - Parameter neighbour: the line that lies some lines further down, or up.
  func blur(
    _ line: Int, axis: Int, centre: UnsafePointer<Float>, into output: UnsafeMutablePointer<Float>,
    channels: Int, neighbour: (Int) -> UnsafePointer<Float>
  ) {
    let parity = parity(of: line)
    let reach = Self.reach(of: axis)
    let (before, after) =
      switch axis {
      case 0: (parity - 1, parity)
      case 1: (parity, parity - 1)
      default: (0, 0)
      }
    let first = runStarts[line]
    runs.withUnsafeBufferPointer { runs in
      ck_planar_blur(
        output,
        ck_planar_lines(
          centre: centre, before: neighbour(line - reach), after: neighbour(line + reach),
          before_shift: before, after_shift: after),
        runs.baseAddress.map { $0 + first }, (runStarts[line + 1] - first) / 2, width, channels)
    }
  }

  /// Lines between neighbours along an axis.
  static func reach(of axis: Int) -> Int { axis == 2 ? 2 : 1 }

  /// Which vertices there are: 1 or 0 for every column of every line.
  func presence() -> AlignedBuffer<UInt8> {
    let present = AlignedBuffer<UInt8>(zeros: count * width)
    for line in 0..<count {
      for run in stride(from: runStarts[line], to: runStarts[line + 1], by: 2) {
        for column in runs[run]..<runs[run + 1] {
          present.base[line * width + Int(column)] = 1
        }
      }
    }
    return present
  }
}
