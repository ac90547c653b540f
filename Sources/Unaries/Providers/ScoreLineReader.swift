import LatticeSupport

/// Reads scores line by line, channels-last, on their own grid or a finer one.
///
/// A line is the points along the last axis. A line between input lines is blended from them first,
/// at the width of the input, then stretched: besides the output only one input line is held.
struct ScoreLineReader: Sendable {
  private let scores: ScoreMap
  private let target: GridShape
  /// The taps along every axis; empty where nothing is resampled.
  private let taps: [[LinearTap]]

  /// - Parameter resampling: from the grid of `scores`; `nil` to read them as they are.
  init(_ scores: ScoreMap, resampling: Resampling?) {
    precondition(
      resampling.map { $0.from == scores.form.grid } ?? true,
      "a resampling from \(resampling!.from) does not fit scores of \(scores.form.grid)")
    self.init(
      scores, onto: resampling?.to ?? scores.form.grid,
      taps: resampling.map { resampling in
        (0..<resampling.from.rank).map { resampling.taps(along: $0) }
      } ?? [])
  }

  /// - Parameters:
  ///   - target: the grid that is read.
  ///   - taps: for every axis, the neighbours of each of its points among the scores; empty to read
  ///     them as they are.
  init(_ scores: ScoreMap, onto target: GridShape, taps: [[LinearTap]]) {
    self.scores = scores
    self.target = target
    self.taps = taps
  }

  /// Whether some label is ruled out somewhere.
  var rulesOut: Bool { scores.rulesOut }

  /// Memory for `read`, one piece for each thread.
  func makeScratch() -> AlignedBuffer<Float> {
    let stride = ChannelField.paddedStride(forChannels: scores.form.labelCount)
    return AlignedBuffer(repeating: 0, count: taps.isEmpty ? 0 : scores.form.grid.width * stride)
  }

  /// Writes line `line` of the target grid.
  ///
  /// - Parameter rows: one row for each point of the line.
  /// - Complexity: O(width · L), and O(2ʳ⁻¹ · input width · L) to blend the lines of a grid of r
  ///   axes.
  func read(_ line: Int, into rows: LabelRows, scratch: AlignedBuffer<Float>) {
    assert(rows.points == target.width && rows.labels == scores.form.labelCount)
    guard let along = taps.last else {
      forEachScore(ofLine: line, stride: rows.stride) { index, score in
        rows.base[index] = score
      }
      return
    }
    blend(line, into: scratch.base, stride: rows.stride)
    for (point, tap) in along.enumerated() {
      stretch(scratch.base, at: tap, into: rows.row(point), stride: rows.stride)
    }
  }

  /// Sums the input lines around line `line` of the target, weighted.
  private func blend(_ line: Int, into sum: UnsafeMutablePointer<Float>, stride: Int) {
    // A blend of numbers next to the largest float could round to infinity.
    let limit: Float = 3.4e38
    for (number, corner) in corners(of: line).enumerated() {
      let weight = corner.weight
      if number == 0 {
        forEachScore(ofLine: corner.line, stride: stride) { index, score in
          sum[index] = weight * max(-limit, min(limit, score))
        }
      } else {
        forEachScore(ofLine: corner.line, stride: stride) { index, score in
          sum[index] += weight * max(-limit, min(limit, score))
        }
      }
    }
  }

  /// The input lines around line `line` of the target, with weights that sum to 1.
  private func corners(of line: Int) -> [(line: Int, weight: Float)] {
    var corners: [(line: Int, weight: Float)] = [(0, 1)]
    let coordinates = target.coordinates(of: line * target.width)
    for axis in 0..<target.rank - 1 {
      let tap = taps[axis][coordinates[axis]]
      let extent = scores.form.grid.extents[axis]
      corners = corners.flatMap { corner in
        let lower = (
          line: corner.line * extent + tap.lower, weight: corner.weight * (1 - tap.weight)
        )
        let upper = (line: corner.line * extent + tap.upper, weight: corner.weight * tap.weight)
        return tap.weight == 0 ? [lower] : [lower, upper]
      }
    }
    return corners
  }

  /// One output row: the weighted sum of two rows of the blended line.
  private func stretch(
    _ line: UnsafePointer<Float>, at tap: LinearTap, into row: UnsafeMutablePointer<Float>,
    stride: Int
  ) {
    typealias Lane = SIMD4<Float>
    let lower = UnsafeRawPointer(line + tap.lower * stride)
    let upper = UnsafeRawPointer(line + tap.upper * stride)
    let output = UnsafeMutableRawPointer(row)
    let (lowerWeight, upperWeight) = (Lane(repeating: 1 - tap.weight), Lane(repeating: tap.weight))
    for offset in Swift.stride(
      from: 0, to: stride * MemoryLayout<Float>.stride, by: MemoryLayout<Lane>.stride)
    {
      let sum =
        lowerWeight * lower.load(fromByteOffset: offset, as: Lane.self)
        + upperWeight * upper.load(fromByteOffset: offset, as: Lane.self)
      output.storeBytes(of: sum, toByteOffset: offset, as: Lane.self)
    }
  }

  /// Calls `body` with the place of each score of an input line among rows of `stride`, and the
  /// score.
  ///
  /// Labels outside, points inside suits channel planes; tiles keep the rows written in the
  /// first-level cache, and serve labels-last files as well.
  @inline(__always)
  private func forEachScore(ofLine line: Int, stride: Int, _ body: (Int, Float) -> Void) {
    let width = scores.form.grid.width
    let (pointStep, labelStep) = (scores.form.pointStep, scores.form.labelStep)
    let pointsPerTile = 64
    scores.values.withUnsafeBufferPointer { values in
      let input = values.baseAddress! + line * width * pointStep
      for start in Swift.stride(from: 0, to: width, by: pointsPerTile) {
        let end = min(width, start + pointsPerTile)
        for label in 0..<scores.form.labelCount {
          let plane = input + label * labelStep
          for point in start..<end { body(point * stride + label, plane[point * pointStep]) }
        }
      }
    }
  }
}
