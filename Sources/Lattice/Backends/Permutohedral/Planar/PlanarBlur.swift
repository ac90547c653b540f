import CKernels
import LatticeSupport

/// The blur of a planar lattice: all three axes in one pass over the lines.
///
/// A line is blurred along the first axis as soon as the lines that this needs are there, along the
/// second as soon as enough lines are blurred along the first, and so on: what is on its way stays
/// in a cache, and memory is read once and written once instead of three times.
struct PlanarBlur: Sendable {
  let lines: PlanarLines
  /// Lines that are blurred in turn; pieces are blurred at the same time.
  private let pieces: [Range<Int>]

  /// Lines on either side that the blur of a line depends on: 1 + 1 + 2.
  private static let reach = 4
  /// Lines that each of the first two stages keeps: what the next one reaches, both sides.
  private static let kept = 5

  init(_ lines: PlanarLines) {
    self.lines = lines
    let length = max(32, (lines.count + 7) / 8)
    pieces = stride(from: 0, to: lines.count, by: length).map {
      $0..<min(lines.count, $0 + length)
    }
  }

  /// Lines of scratch memory: zeros, those around the borders of pieces, and those on their way.
  private var scratchLines: Int {
    1 + (pieces.count - 1) * 2 * Self.reach + pieces.count * 2 * Self.kept
  }

  /// Floats of scratch memory that panels of up to `channels` need.
  func scratch(channels: Int) -> Int { scratchLines * lines.width * channels }

  /// Blurs a panel in place; the axes in their order, or in reverse.
  func apply(
    _ panel: RowPanels.Panel, transposed: Bool, scratch: UnsafeMutablePointer<Float>,
    parallelism: Parallelism
  ) {
    let length = lines.width * panel.width
    scratch.update(repeating: 0, count: length)
    let borders = scratch + length
    // What lies around a border is blurred by one piece while the other still needs it as it was.
    parallelism.forEach(pieces.count - 1) { border in
      let first = pieces[border].upperBound - Self.reach
      for line in first..<first + 2 * Self.reach where line >= 0 && line < lines.count {
        let target = borders + (border * 2 * Self.reach + line - first) * length
        sum(line, of: panel, into: target)
      }
    }
    let rings = borders + (pieces.count - 1) * 2 * Self.reach * length
    parallelism.forEach(pieces.count) { index in
      var piece = Piece(
        blur: self, panel: panel, index: index, zeros: UnsafePointer(scratch), borders: borders,
        ring: rings + index * 2 * Self.kept * length, length: length)
      piece.run(axes: transposed ? [2, 1, 0] : [0, 1, 2])
    }
  }

  /// Adds all copies of a line.
  private func sum(
    _ line: Int, of panel: RowPanels.Panel, into target: UnsafeMutablePointer<Float>
  ) {
    let length = lines.width * panel.width
    let rows = lines.rows(of: line)
    guard let owner = rows.first else { return target.update(repeating: 0, count: length) }
    let source = panel.base + Int(owner) * panel.width
    if source != target { target.update(from: source, count: length) }
    for row in rows.dropFirst() {
      ck_planar_add(target, panel.base + Int(row) * panel.width, length)
    }
  }

  /// One run of lines on its way through the three stages.
  private struct Piece {
    let blur: PlanarBlur
    let panel: RowPanels.Panel
    let index: Int
    let zeros: UnsafePointer<Float>
    let borders: UnsafeMutablePointer<Float>
    let ring: UnsafeMutablePointer<Float>
    /// Floats of a line.
    let length: Int

    private var own: Range<Int> { blur.pieces[index] }

    mutating func run(axes: [Int]) {
      let reaches = axes.map { PlanarLines.reach(of: $0) }
      let own = self.own
      for arrived in own.lowerBound - PlanarBlur.reach..<own.upperBound + PlanarBlur.reach {
        if own.contains(arrived), let owner = blur.lines.rows(of: arrived).first {
          blur.sum(arrived, of: panel, into: panel.base + Int(owner) * panel.width)
        }
        var line = arrived
        for stage in 0..<3 {
          line -= reaches[stage]
          let beyond = reaches[(stage + 1)...].reduce(0, +)
          guard line >= max(0, own.lowerBound - beyond),
            line < min(blur.lines.count, own.upperBound + beyond)
          else { continue }
          compute(line, stage: stage, axis: axes[stage])
        }
      }
    }

    private func compute(_ line: Int, stage: Int, axis: Int) {
      let lines = blur.lines
      guard stage == 2 else {
        return lines.blur(
          line, axis: axis, centre: input(line, of: stage), into: kept(line, stage: stage),
          channels: panel.width, neighbour: { input($0, of: stage) })
      }
      let rows = lines.rows(of: line)
      guard let owner = rows.first else { return }
      let target = panel.base + Int(owner) * panel.width
      lines.blur(
        line, axis: axis, centre: input(line, of: stage), into: target, channels: panel.width,
        neighbour: { input($0, of: stage) })
      for row in rows.dropFirst() {
        (panel.base + Int(row) * panel.width).update(from: target, count: length)
      }
    }

    /// Where a stage's result for a line is kept until the next stage is through with it.
    private func kept(_ line: Int, stage: Int) -> UnsafeMutablePointer<Float> {
      let slot = (line + PlanarBlur.kept) % PlanarBlur.kept
      return ring + (stage * PlanarBlur.kept + slot) * length
    }

    /// What a stage reads as a line: what was splatted, or what the stage before has made of it.
    private func input(_ line: Int, of stage: Int) -> UnsafePointer<Float> {
      guard line >= 0 && line < blur.lines.count else { return zeros }
      guard stage == 0 else { return UnsafePointer(kept(line, stage: stage - 1)) }
      if own.contains(line) {
        guard let owner = blur.lines.rows(of: line).first else { return zeros }
        return UnsafePointer(panel.base + Int(owner) * panel.width)
      }
      let border = line < own.lowerBound ? index - 1 : index
      let first = blur.pieces[border].upperBound - PlanarBlur.reach
      return UnsafePointer(borders + (border * 2 * PlanarBlur.reach + line - first) * length)
    }
  }
}
