import LatticeSupport

/// Steps between vertices of a planar lattice, and what the blur carries along them.
struct PlanarSteps: Sendable {
  private let lines: PlanarLines
  private let present: AlignedBuffer<UInt8>

  init(_ lines: PlanarLines) {
    self.lines = lines
    present = lines.presence()
  }

  /// The vertex one step up or down along an axis; vertices are numbered line by line.
  private func step(_ vertex: Int, axis: Int, up: Bool) -> Int {
    let (line, column) = vertex.quotientAndRemainder(dividingBy: lines.width)
    let parity = lines.parity(of: line)
    switch axis {
    case 0: return up ? at(line - 1, column - 1 + parity) : at(line + 1, column + parity)
    case 1: return up ? at(line - 1, column + parity) : at(line + 1, column - 1 + parity)
    default: return up ? at(line + 2, column) : at(line - 2, column)
    }
  }

  private func at(_ line: Int, _ column: Int) -> Int { line * lines.width + column }

  private func exists(_ vertex: Int) -> Bool {
    vertex >= 0 && vertex < present.count && present.base[vertex] == 1
  }

  /// The blur's weight from one vertex of a triangle to another, or to itself.
  func response(from: Int, to: Int) -> Float {
    if from == to {
      return 1 + path(from, axes: [0, 1, 2], up: true) + path(from, axes: [0, 1, 2], up: false)
    }
    for axis in 0..<3 {
      for up in [true, false] where step(from, axis: axis, up: up) == to {
        let others = (0..<3).filter { $0 != axis }
        return 0.5 + path(from, axes: others, up: !up)
      }
    }
    return 0
  }

  /// 2⁻ˢ for s steps; 0 where a vertex on the way is absent.
  private func path(_ start: Int, axes: [Int], up: Bool) -> Float {
    var vertex = start
    for axis in axes {
      vertex = step(vertex, axis: axis, up: up)
      guard exists(vertex) else { return 0 }
    }
    return Float(sign: .plus, exponent: -axes.count, significand: 1)
  }
}
