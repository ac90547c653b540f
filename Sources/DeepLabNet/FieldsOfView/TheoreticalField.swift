import LatticeSupport

/// The part of a network's input that a score can depend on, whatever the weights: a rectangle.
public struct TheoreticalField: Sendable, Equatable {
  /// Of the input.
  public let rows: ClosedRange<Int>
  /// Of the input.
  public let columns: ClosedRange<Int>

  /// - Parameters:
  ///   - network: whose first output is the scores.
  ///   - height: rows of the input.
  ///   - width: columns of the input.
  ///   - row: of the score, on the grid of the output.
  ///   - column: of the score, on the grid of the output.
  /// - Throws: `InputError` naming the layer that cannot take its inputs.
  public init(_ network: Network, height: Int, width: Int, row: Int, column: Int) throws {
    let image = TensorShape(height: height, width: width, channels: network.inputChannels)
    let shapes = try network.shapes(height: height, width: width)
    // The last is for the image.
    var needed = [TheoreticalField?](repeating: nil, count: network.nodes.count + 1)
    func place(_ source: Network.Source) -> Int {
      if case .node(let node) = source { node } else { network.nodes.count }
    }
    needed[place(network.outputs[0].source)] = TheoreticalField(
      rows: row...row, columns: column...column)
    for (index, node) in network.nodes.enumerated().reversed() {
      guard let field = needed[index] else { continue }
      for (number, source) in node.inputs.enumerated() where node.layer.looksAt(input: number) {
        let input = source.shape(in: shapes, image)
        let seen = TheoreticalField(
          rows: node.layer.span(
            field.rows, along: \.rows, of: input.height, to: shapes[index].height),
          columns: node.layer.span(
            field.columns, along: \.columns, of: input.width, to: shapes[index].width))
        needed[place(source)] = needed[place(source)].map { $0.union(seen) } ?? seen
      }
    }
    // A network that does not look at its input sees a single pixel at most.
    self = needed[network.nodes.count] ?? TheoreticalField(rows: 0...0, columns: 0...0)
  }

  private init(rows: ClosedRange<Int>, columns: ClosedRange<Int>) {
    (self.rows, self.columns) = (rows, columns)
  }

  private func union(_ other: TheoreticalField) -> TheoreticalField {
    func union(_ one: ClosedRange<Int>, _ two: ClosedRange<Int>) -> ClosedRange<Int> {
      min(one.lowerBound, two.lowerBound)...max(one.upperBound, two.upperBound)
    }
    return TheoreticalField(
      rows: union(rows, other.rows), columns: union(columns, other.columns))
  }
}

extension Layer {
  /// Whether values of an input matter, rather than its size alone.
  fileprivate func looksAt(input number: Int) -> Bool {
    switch self {
    case is BilinearResize, is Crop: number == 0
    case is MaxUnpool: number < 2
    default: true
    }
  }

  /// The positions of an input of length `count` that those of an output of length `outputs` depend
  /// on, along one axis.
  fileprivate func span(
    _ range: ClosedRange<Int>, along axis: KeyPath<ConvolutionGeometry.Extent, Int>,
    of count: Int, to outputs: Int
  ) -> ClosedRange<Int> {
    let (low, high) = (range.lowerBound, range.upperBound)
    func window(_ size: Int, _ stride: Int, _ padding: Int, _ rate: Int) -> ClosedRange<Int> {
      low * stride - padding...high * stride - padding + (size - 1) * rate
    }
    func pool(_ geometry: PoolingGeometry) -> ClosedRange<Int> {
      window(
        geometry.kernelSize[keyPath: axis], geometry.stride[keyPath: axis],
        geometry.padding[keyPath: axis], 1)
    }
    let span: ClosedRange<Int>
    switch self {
    case let layer as Convolution:
      let geometry = layer.geometry
      span = window(
        geometry.kernelSize[keyPath: axis], geometry.stride[keyPath: axis],
        geometry.padding[keyPath: axis], geometry.rate[keyPath: axis])
    case let layer as MaxPool: span = pool(layer.geometry)
    case let layer as MaxPoolSwitches: span = pool(layer.geometry)
    case let layer as AveragePool: span = pool(layer.geometry)
    case let layer as TransposedConvolution:
      // Input i reaches the outputs from i·stride − padding on.
      let geometry = layer.geometry
      let (stride, padding) = (geometry.stride[keyPath: axis], geometry.padding[keyPath: axis])
      let reach = (geometry.kernelSize[keyPath: axis] - 1) * geometry.rate[keyPath: axis]
      let first = (Double(low + padding - reach) / Double(stride)).rounded(.up)
      span = Int(first)...max(Int(first), (high + padding) / stride)
    case let layer as BilinearResize:
      let position: (Int) -> Double =
        switch layer.corners {
        case .aligned: { Double($0) * Double(count - 1) / Double(max(1, outputs - 1)) }
        case .halfPixel: { (Double($0) + 0.5) * Double(count) / Double(outputs) - 0.5 }
        }
      span = Int(position(low).rounded(.down))...Int(position(high).rounded(.up))
    case is MaxUnpool:
      // Whatever the windows were, they lie about there.
      span = (low * count / outputs - 1)...(high * count / outputs + 1)
    case let layer as Crop:
      let offset = layer.offset[keyPath: axis]
      span = low + offset...high + offset
    case is GlobalAveragePool, is CRFLayer, is DomainTransformLayer: span = 0...count - 1
    // Point by point; a single row or column serves all.
    default: span = range
    }
    let last = count - 1
    return min(max(0, span.lowerBound), last)...min(max(0, span.upperBound), last)
  }
}
