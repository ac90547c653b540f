/// One output point's two neighbours on an input axis: (1 − weight)·lower + weight·upper.
package struct LinearTap: Equatable {
  package let lower: Int
  package let upper: Int
  package let weight: Float

  /// The same neighbours, numbered from another start.
  package func moved(by offset: Int) -> LinearTap {
    LinearTap(lower: lower + offset, upper: upper + offset, weight: weight)
  }
}

/// Which points of two grids of different sizes coincide.
package enum GridAlignment: Sendable, Hashable {
  /// The outermost points.
  case corners
  /// The outermost cells' edges.
  case halfPixel
  /// The first cells' edges; a step on the output is `step` on the input. What is left over at the
  /// end when a factor's size is rounded down makes no difference to it.
  case halfPixelSteps(of: Double)
}

extension LinearTap {
  /// The neighbours and weights of `outputs` points among `inputs`.
  ///
  /// With n output and m input points, output i reads position i·(m − 1)/(n − 1) (corners),
  /// (i + ½)·m/n − ½ (half pixel) or (i + ½)·step − ½, held within the input: the conventions of
  /// PyTorch's `interpolate`.
  package static func taps(
    from inputs: Int, to outputs: Int, alignment: GridAlignment
  ) -> [LinearTap] {
    let last = Double(inputs - 1)
    return (0..<outputs).map { output in
      let position =
        switch alignment {
        case .corners: outputs == 1 ? 0 : Double(output) * last / Double(outputs - 1)
        case .halfPixel: (Double(output) + 0.5) * Double(inputs) / Double(outputs) - 0.5
        case .halfPixelSteps(let step): (Double(output) + 0.5) * step - 0.5
        }
      let held = min(max(position, 0), last)
      let lower = Int(held)
      return LinearTap(
        lower: lower, upper: min(lower + 1, inputs - 1), weight: Float(held - Double(lower)))
    }
  }
}
