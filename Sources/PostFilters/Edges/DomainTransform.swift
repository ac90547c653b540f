import CKernels
import LatticeSupport
import Unaries

/// Smoothing along lines that edges stretch: far in smooth places, hardly across edges.
///
/// Gastal & Oliveira, "Domain transform for edge-aware image and video processing", SIGGRAPH 2011,
/// §5 and §6. Neighbours n − 1 and n are d = 1 + σs/σc·e apart, e being Σ |ΔI| over the channels of
/// the image, or what an edge map has at n, as in Chen, Barron, Papandreou, Murphy & Yuille,
/// "Semantic image segmentation with task-specific edge detection using CNNs and a discriminatively
/// trained domain transform", CVPR 2016. Weights are averages: a constant stays one, and results
/// stay within the range of the scores.
public struct DomainTransform: ScoreFilter {
  /// How lines are smoothed.
  public enum Mode: String, Sendable, CaseIterable {
    /// A recursion forth and back; the fastest, with exponential tails.
    case recursive = "rf"
    /// The mean of the points within a radius.
    case normalized = "nc"
    /// The mean of what lies on straight lines between points within a radius.
    case interpolated = "ic"
  }

  /// Where edges come from.
  public enum Edges: Sendable, Equatable {
    /// The image.
    case image
    /// A map with the shape of the grid; at least 0, the link of a point with the one before it
    /// along every axis.
    case map(NumericArray)
  }

  /// σs, in grid steps.
  public let sigmaSpatial: Double
  /// σc, in levels of the image or units of the map.
  public let sigmaColor: Double
  /// Rounds over all axes.
  public let iterations: Int
  /// How lines are smoothed.
  public let mode: Mode
  /// Where edges come from.
  public let edges: Edges

  /// - Parameters:
  ///   - sigmaSpatial: above 0, in grid steps.
  ///   - sigmaColor: above 0, in levels of the image or units of the map.
  ///   - iterations: 1 to 500.
  ///   - mode: how lines are smoothed.
  ///   - edges: where edges come from.
  public init(
    sigmaSpatial: Double, sigmaColor: Double, iterations: Int = 3, mode: Mode = .recursive,
    edges: Edges = .image
  ) {
    precondition(
      sigmaSpatial > 0 && sigmaSpatial.isFinite && sigmaColor > 0 && sigmaColor.isFinite
        && (1...500).contains(iterations),
      "σ = \(sigmaSpatial) and \(sigmaColor), \(iterations) iterations")
    self.sigmaSpatial = sigmaSpatial
    self.sigmaColor = sigmaColor
    self.iterations = iterations
    self.mode = mode
    self.edges = edges
  }

  /// What descriptions call it.
  public var name: String {
    "domain-transform:spatial=\(sigmaSpatial.shortText),color=\(sigmaColor.shortText),"
      + "iterations=\(iterations),mode=\(mode.rawValue)"
      + (edges == .image ? "" : " of an edge map")
  }

  /// σ of each round: their squares sum to σs², and each is half the one before.
  var sigmas: [Double] {
    let halves = (0...iterations).reduce(into: [Double]()) { all, _ in
      all.append((all.last ?? 2) / 2)
    }
    // 2^(N − i)·√3/√(4^N − 1) for i from 1 on, which does not overflow.
    let last = halves[iterations]
    return (0..<iterations).map {
      sigmaSpatial * (3.0).squareRoot() * halves[$0] / 2 / (1 - last * last).squareRoot()
    }
  }

  /// All that windows hold, in smooth places; for the recursion, beyond which less than a
  /// thousandth of an impulse remains. A map lies over the whole scene.
  public var reach: Reach {
    guard edges == .image else { return .everywhere }
    let steps: Double =
      switch mode {
      case .recursive: 7 / (2.0).squareRoot() * sigmas[0] + 2 * sigmaSpatial
      case .normalized: sigmas.reduce(0) { $0 + ($1 * (3.0).squareRoot()).rounded(.down) }
      case .interpolated: sigmas.reduce(0) { $0 + ($1 * (3.0).squareRoot()).rounded(.up) }
      }
    return .steps(Int(steps.rounded(.up)))
  }

  /// It follows the image, but for a map.
  public var needsImage: String? { edges == .image ? Guide.need : nil }
  /// Lines end at points that are left out. Interpolation has no such ends.
  public var leavesPointsOut: Bool { mode != .interpolated }
  /// Its weights are averages.
  public var keepsDistributions: Bool { true }

  /// The smoothed scores; see `ScoreFilter`.
  ///
  /// - Throws: `InputError` where there is no image, or the map does not fit the grid.
  /// - Complexity: O(N·L·rank·iterations).
  public func filter(
    _ scores: consuming ChannelField, over scene: Scene, parallelism: Parallelism
  ) throws -> ChannelField {
    let links = try links(over: scene, parallelism: parallelism)
    return smooth(scores, over: scene.grid, links, parallelism: parallelism)
  }

  /// All rounds over links that are known.
  func smooth(
    _ scores: consuming ChannelField, over grid: GridShape, _ links: GridLinks,
    parallelism: Parallelism
  ) -> ChannelField {
    var values = scores
    for sigma in sigmas {
      if mode == .recursive {
        let (offset, slope) = exponents(sigma)
        RecursiveFilter(grid: grid, links: links).apply(
          to: &values, offset: offset, slope: slope, parallelism: parallelism)
      } else {
        convolve(&values, grid, links, radius: (3.0).squareRoot() * sigma, parallelism)
      }
    }
    return values
  }

  /// ln w = offset + slope·e.
  func exponents(_ sigma: Double) -> (offset: Float, slope: Float) {
    let offset = -(2.0).squareRoot() / sigma
    return (Float(offset), Float(offset * sigmaSpatial / sigmaColor))
  }

  func links(over scene: Scene, parallelism: Parallelism) throws -> GridLinks {
    guard case .map(let map) = edges else {
      let guide = try Guide(scene, for: "a domain transform")
      return GridLinks(guide, .sumOfDifferences, parallelism: parallelism)
    }
    guard map.shape == scene.grid.extents else {
      throw InputError(
        .data, "an edge map of shape \(map.shape) does not fit scores on \(scene.grid.extents)",
        remedy: "give one value for each point of the scores")
    }
    if let index = map.values.firstIndex(where: { !($0 >= 0 && $0.isFinite) }) {
      throw InputError(
        .data, "the edge map has \(map.values[index]) at \(scene.grid.position(of: index))",
        remedy: "edges must be 0 or more, and finite")
    }
    return GridLinks(map.values, over: scene.grid, mask: scene.mask)
  }

  /// Means within a radius along all lines, one axis after the other. Positions and sums in
  /// float64.
  private func convolve(
    _ values: inout ChannelField, _ grid: GridShape, _ links: GridLinks, radius: Double,
    _ parallelism: Parallelism
  ) {
    let (base, stride, ratio) = (values.mutableBase(), values.stride, sigmaSpatial / sigmaColor)
    for axis in (0..<grid.rank).reversed() where grid.extents[axis] > 1 {
      let lines = GridLines(grid, axis: axis, stride: stride)
      let (length, step, edges) = (lines.length, lines.step, links.axes[axis].base)
      parallelism.forEachUnlessCancelled(lines.blocks.count) { index in
        let block = lines.blocks[index]
        let positions = AlignedBuffer<Double>(uninitialized: length)
        let sums = AlignedBuffer<Double>(uninitialized: 2 * (length + 1) * stride)
        let copy = AlignedBuffer<Float>(
          uninitialized: step == 1 ? 0 : lines.count(of: block) * stride)
        // Columns are copied together, so that whole cache lines are.
        func copyColumns(back: Bool) {
          guard step > 1 else { return }
          for n in 0..<length {
            for line in 0..<block.lines {
              let place = base + (block.first + n * step + line) * stride
              let own = copy.base + (line * length + n) * stride
              (back ? place : own).update(from: back ? own : place, count: stride)
            }
          }
        }
        copyColumns(back: false)
        for line in 0..<block.lines {
          let first = block.first + line * block.lineStep
          positions.base[0] = 0
          for n in 1..<length {
            let edge = edges[first + n * step]
            positions.base[n] =
              positions.base[n - 1]
              + (edge == GridLinks.cut ? 2 * radius + 1 : 1 + ratio * Double(edge))
          }
          let points = step == 1 ? base + first * stride : copy.base + line * length * stride
          if mode == .normalized {
            ck_normalized_convolution(points, positions.base, radius, length, stride, sums.base)
          } else {
            ck_interpolated_convolution(points, positions.base, radius, length, stride, sums.base)
          }
        }
        copyColumns(back: true)
      }
    }
  }
}

extension RefinementKind {
  /// Smoothing along lines that edges stretch.
  public static let domainTransform = RefinementKind(
    name: "domain-transform", summary: "scores smoothed along lines, far but not across edges",
    settings: [
      Setting("spatial", .number(.above(0)), "σ of positions, in pixels", default: .number(40)),
      Setting(
        "color", .number(.above(0)), "σ of colours, of 0 to 255, or of an edge map's values",
        default: .number(30)),
      Setting("iterations", .count(1...500), "rounds over all axes", default: .count(3)),
      Setting(
        "mode", .choice(DomainTransform.Mode.allCases.map(\.rawValue)),
        "a recursion, or means of points or of the lines between them within a radius",
        default: .choice(DomainTransform.Mode.recursive.rawValue)),
      Setting("edges", .array, "an edge map in place of the image's edges", default: nil),
    ], example: "domain-transform:spatial=40,color=30"
  ) { settings, context in
    DomainTransform(
      sigmaSpatial: settings.number("spatial") ?? 40, sigmaColor: settings.number("color") ?? 30,
      iterations: settings.count("iterations") ?? 3,
      mode: settings.text("mode").flatMap(DomainTransform.Mode.init) ?? .recursive,
      edges: try settings.array("edges").map { .map(try context.array($0)) } ?? .image)
  }
}
