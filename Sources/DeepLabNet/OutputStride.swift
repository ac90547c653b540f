import LatticeSupport

/// How many image pixels lie between neighbouring positions of a network's scores: 4, 8, 16 or 32;
/// 1 where the network itself goes back to the image's grid.
///
/// A classification network halves its maps five times. To keep finer maps, the halving steps
/// beyond the output stride are left out, and every filter behind them is spread by the rate that
/// makes it see what it saw before: "atrous" convolution, Chen et al. (2017),
/// doi:10.1109/TPAMI.2017.2699184, §3.1.
public struct OutputStride: Sendable, Hashable {
  /// Pixels from one position to the next.
  public let pixels: Int

  /// One of the strides that a network of five halvings can have.
  private init(unchecked pixels: Int) {
    self.pixels = pixels
  }

  /// Scores at every pixel: networks that undo their halvings.
  public static let one = OutputStride(unchecked: 1)
  /// Scores at every fourth pixel.
  public static let four = OutputStride(unchecked: 4)
  /// Scores at every eighth pixel: DeepLab v1 and v2.
  public static let eight = OutputStride(unchecked: 8)
  /// Scores at every sixteenth pixel: DeepLab v3 in training.
  public static let sixteen = OutputStride(unchecked: 16)
  /// Scores at every thirty-second pixel: the network as it was made for classification.
  public static let thirtyTwo = OutputStride(unchecked: 32)

  /// Those that a network can be rewritten for, finest first.
  public static let all: [OutputStride] = [.four, .eight, .sixteen, .thirtyTwo]

  /// - Throws: `InputError` where `pixels` is not 4, 8, 16 or 32.
  public init(_ pixels: Int) throws {
    guard Self.all.contains(where: { $0.pixels == pixels }) else {
      throw InputError(
        .usage, "an output stride of \(pixels)", remedy: "choose 4, 8, 16 or 32")
    }
    self.pixels = pixels
  }

  /// What becomes of one step that makes the maps coarser.
  public struct Stage: Sendable, Hashable {
    /// Its stride: as it was, or 1 where it would have gone beyond the output stride.
    public let stride: Int
    /// The rate of filters before the step, and of the filter that makes it.
    public let rateBefore: Int
    /// The rate of filters behind the step.
    public let rate: Int
  }

  /// The steps of a network whose strides were `strides`, from the image on.
  public func stages(of strides: [Int]) -> [Stage] {
    var (reached, rate) = (1, 1)
    return strides.map { stride in
      let before = rate
      if reached * stride <= pixels {
        reached *= stride
        return Stage(stride: stride, rateBefore: before, rate: rate)
      }
      rate *= stride
      return Stage(stride: 1, rateBefore: before, rate: rate)
    }
  }

  /// The rate that spans as many pixels as `rate` does at `other`; at least 1.
  func rate(matching rate: Int, at other: OutputStride) -> Int {
    max(1, rate * other.pixels / pixels)
  }
}

extension OutputStride: CustomStringConvertible {
  /// The number of pixels.
  public var description: String { "\(pixels)" }
}
