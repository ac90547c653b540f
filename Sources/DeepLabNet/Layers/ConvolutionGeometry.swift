/// How a window moves over a grid: sizes in rows and columns.
public struct ConvolutionGeometry: Sendable, Hashable {
  /// A pair of sizes, one for each axis.
  public struct Extent: Sendable, Hashable, ExpressibleByIntegerLiteral {
    /// Along the vertical axis.
    public let rows: Int
    /// Along the horizontal axis.
    public let columns: Int

    /// A size for each axis.
    public init(rows: Int, columns: Int) {
      self.rows = rows
      self.columns = columns
    }

    /// The same along both axes.
    public init(_ both: Int) {
      self.init(rows: both, columns: both)
    }

    /// The same along both axes.
    public init(integerLiteral value: Int) {
      self.init(value)
    }
  }

  /// Taps of the window.
  public let kernelSize: Extent
  /// Steps from one window to the next.
  public let stride: Extent
  /// Zeros around the input.
  public let padding: Extent
  /// Steps from one tap to the next: the atrous rate.
  public let rate: Extent

  /// Kernel size, stride and rate are at least 1, the padding at least 0.
  public init(kernelSize: Extent, stride: Extent = 1, padding: Extent = 0, rate: Extent = 1) {
    for extent in [kernelSize, stride, rate] {
      precondition(extent.rows >= 1 && extent.columns >= 1, "\(extent): at least 1 is needed")
    }
    precondition(padding.rows >= 0 && padding.columns >= 0, "a padding of \(padding)")
    self.kernelSize = kernelSize
    self.stride = stride
    self.padding = padding
    self.rate = rate
  }

  /// The rows and columns of the output; `nil` where not one window fits.
  public func outputSize(height: Int, width: Int) -> Extent? {
    func size(_ input: Int, _ axis: KeyPath<Extent, Int>) -> Int {
      let reach = rate[keyPath: axis] * (kernelSize[keyPath: axis] - 1) + 1
      let room = input + 2 * padding[keyPath: axis] - reach
      return room < 0 ? 0 : room / stride[keyPath: axis] + 1
    }
    let output = Extent(rows: size(height, \.rows), columns: size(width, \.columns))
    return output.rows >= 1 && output.columns >= 1 ? output : nil
  }
}
