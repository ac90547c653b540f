import LatticeSupport
import Unaries

/// How a picture lies in its file: what a camera that was held so notes as EXIF's orientation.
///
/// Viewers and some programs (OpenCV, annotation tools) turn a picture upright as they read it;
/// others (Pillow, torchvision) take the rows as they are stored.
public enum PictureOrientation: Int, Sendable, CaseIterable {
  /// As it is to be seen.
  case upright = 1
  /// Left and right are exchanged.
  case mirrored
  /// Upside down: a half turn makes it upright.
  case halfTurn
  /// Top and bottom are exchanged.
  case flipped
  /// Rows and columns are exchanged.
  case transposed
  /// A quarter turn to the right makes it upright.
  case quarterTurnRight
  /// Rows and columns are exchanged, about the other diagonal.
  case antitransposed
  /// A quarter turn to the left makes it upright.
  case quarterTurnLeft

  /// Whether a picture's width is its height once it is upright.
  public var exchangesAxes: Bool { rawValue >= Self.transposed.rawValue }

  /// The grid of the upright picture; `stored`, that of the file, has two axes.
  public func uprightGrid(of stored: GridShape) -> GridShape {
    exchangesAxes ? GridShape(width: stored.height, height: stored.width) : stored
  }

  /// Whether the upright picture has another grid than the file's.
  package func changesGrid(_ stored: GridShape) -> Bool { uprightGrid(of: stored) != stored }

  /// The values of the upright picture, row by row.
  ///
  /// - Parameters:
  ///   - values: those of the file, `channels` for each pixel.
  ///   - stored: the file's grid.
  /// - Complexity: O(N·channels).
  func upright<Value: BitwiseCopyable>(
    _ values: [Value], over stored: GridShape, channels: Int
  ) -> [Value] {
    guard self != .upright else { return values }
    let (from, steps) = path(over: stored, channels: channels)
    let grid = uprightGrid(of: stored)
    return [Value](unsafeUninitializedCapacity: values.count) { output, count in
      values.withUnsafeBufferPointer { values in
        var target = 0
        for row in 0..<grid.height {
          var source = from + row * steps.row
          for _ in 0..<grid.width {
            for channel in 0..<channels {
              output.initializeElement(at: target + channel, to: values[source + channel])
            }
            target += channels
            source += steps.column
          }
        }
      }
      count = values.count
    }
  }

  /// Where the upright picture's first pixel stands among the file's values, and how far apart
  /// neighbours in a column and in a row stand there.
  private func path(
    over stored: GridShape, channels: Int
  ) -> (from: Int, steps: (row: Int, column: Int)) {
    let (right, down) = (channels, stored.width * channels)
    let (lastColumn, lastRow) = ((stored.width - 1) * right, (stored.height - 1) * down)
    return switch self {
    case .upright: (0, (down, right))
    case .mirrored: (lastColumn, (down, -right))
    case .halfTurn: (lastRow + lastColumn, (-down, -right))
    case .flipped: (lastRow, (-down, right))
    case .transposed: (0, (right, down))
    case .quarterTurnRight: (lastRow, (right, -down))
    case .antitransposed: (lastRow + lastColumn, (-right, -down))
    case .quarterTurnLeft: (lastColumn, (-right, down))
    }
  }
}

extension Image {
  /// The same picture upright, where `orientation` is that of its file.
  ///
  /// The grid must have two axes.
  /// - Complexity: O(N·channels).
  public func upright(from orientation: PictureOrientation) -> Image {
    precondition(grid.rank == 2, "an image of \(grid) has no upper edge")
    guard orientation != .upright else { return self }
    let turned: Pixels =
      switch pixels {
      case .bytes(let values):
        .bytes(orientation.upright(values, over: grid, channels: channels))
      case .floats(let values):
        .floats(orientation.upright(values, over: grid, channels: channels))
      }
    return Image(
      unchecked: turned, grid: orientation.uprightGrid(of: grid), channels: channels)
  }
}
