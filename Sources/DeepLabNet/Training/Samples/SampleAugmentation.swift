import LatticeSupport
import Unaries

/// How training images are varied: a random scale, a random crop of it, and its mirror image.
///
/// The recipes of Chen et al., "DeepLab: semantic image segmentation …", arXiv:1606.00915, §4.
public struct SampleAugmentation: Sendable, Hashable {
  /// How images are resized.
  public enum Scales: Sendable, Hashable {
    /// Images keep their sizes.
    case none
    /// Any factor of a range, all as likely.
    case range(ClosedRange<Float>)
    /// One of several factors, all as likely.
    case choices([Float])
    /// Whatever an image's size, it takes this one, and its sides that ratio.
    case fixed(Crop)
  }

  /// Rows and columns.
  public struct Crop: Sendable, Hashable {
    /// Rows.
    public let height: Int
    /// Columns.
    public let width: Int

    /// Both at least 1.
    public init(height: Int, width: Int) {
      precondition(height >= 1 && width >= 1, "a crop of \(height) × \(width) pixels")
      self.height = height
      self.width = width
    }
  }

  /// How images are resized.
  public let scales: Scales
  /// What is cut from the resized image; `nil` for all of it. What the image lacks below and to the
  /// right is the network's mean pixel, whose label does not count.
  public let crop: Crop?
  /// Whether half of the crops have left and right exchanged.
  public let mirrors: Bool

  /// - Parameters:
  ///   - scales: how images are resized.
  ///   - crop: what is cut from the resized image; `nil` for all of it.
  ///   - mirrors: whether half of the crops have left and right exchanged.
  /// - Throws: `InputError` where a factor is not a number between 1/100 and 100.
  public init(scales: Scales = .none, crop: Crop? = nil, mirrors: Bool = false) throws {
    let factors: [Float] =
      switch scales {
      case .none: [1]
      case .range(let range): [range.lowerBound, range.upperBound]
      case .choices(let choices): choices
      case .fixed: [1]
      }
    guard !factors.isEmpty, factors.allSatisfy({ (0.01...100).contains($0) }) else {
      throw InputError(
        .usage, "images cannot be scaled by \(factors): factors are 0.01…100, at least one",
        remedy: "0.5…1.5 is usual")
    }
    self.scales = scales
    self.crop = crop
    self.mirrors = mirrors
  }
}

extension SampleAugmentation {
  /// Which part of an image is seen, and how.
  struct View: Equatable {
    /// The size of the whole image once resized.
    let height: Int
    let width: Int
    /// Where the crop begins in it.
    let top: Int
    let left: Int
    let isMirrored: Bool
  }

  /// The view that `generator` draws of an image on `grid`.
  ///
  /// As many numbers are drawn whatever they come to, so that options do not change one another's
  /// draws.
  func view(of grid: GridShape, using generator: inout SeededGenerator) -> View {
    let scaleDraw = generator.uniform()
    let (rowDraw, columnDraw) = (generator.uniform(), generator.uniform())
    let isMirrored = generator.uniform() < 0.5
    func scaled(by factor: Float) -> (height: Int, width: Int) {
      func extent(_ extent: Int) -> Int { max(1, Int((Float(extent) * factor).rounded())) }
      return (extent(grid.height), extent(grid.width))
    }
    let (height, width) =
      switch scales {
      case .none: scaled(by: 1)
      case .range(let range):
        scaled(by: range.lowerBound + scaleDraw * (range.upperBound - range.lowerBound))
      case .choices(let choices): scaled(by: choices[Int(scaleDraw * Float(choices.count))])
      case .fixed(let size): (size.height, size.width)
      }
    func start(_ extent: Int, _ cropped: Int?, _ draw: Float) -> Int {
      let free = max(0, extent - (cropped ?? extent))
      return min(free, Int(draw * Float(free + 1)))
    }
    return View(
      height: height, width: width, top: start(height, crop?.height, rowDraw),
      left: start(width, crop?.width, columnDraw), isMirrored: mirrors && isMirrored)
  }
}
