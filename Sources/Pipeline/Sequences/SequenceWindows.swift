import LatticeSupport

/// How a sequence of frames is cut into windows that overlap, and which frames each answers.
///
/// All windows but that of a shorter sequence are of one length; the last is moved back to end with
/// the sequence. A frame is answered by the window in which it is nearest to the middle, of two as
/// near by the earlier one.
public struct SequenceWindows: Sendable, Equatable {
  /// Frames of the sequence.
  public let frames: Int
  /// Frames of a window.
  public let length: Int
  /// Frames that neighbouring windows share, at least.
  public let overlap: Int
  /// The number of windows.
  public let count: Int

  /// - Parameters:
  ///   - frames: of the sequence, at least 1.
  ///   - settings: of windows.
  public init(frames: Int, _ settings: SequenceSettings) {
    precondition(frames >= 1, "a sequence of \(frames) frames")
    self.frames = frames
    length = min(settings.window, frames)
    overlap = min(settings.overlap, length - 1)
    let step = length - overlap
    count = 1 + (frames - length + step - 1) / step
  }

  /// The frames of a window. O(1).
  public func window(_ index: Int) -> Range<Int> {
    precondition((0..<count).contains(index), "window \(index) of \(count)")
    let start = min(index * (length - overlap), frames - length)
    return start..<start + length
  }

  /// The frames that a window answers: all windows together answer each frame once, in order. O(1).
  public func answered(by index: Int) -> Range<Int> {
    let lower = index == 0 ? 0 : boundary(index - 1)
    return lower..<(index == count - 1 ? frames : boundary(index))
  }

  /// The window that answers a frame. O(1).
  public func answering(_ frame: Int) -> Int {
    precondition((0..<frames).contains(frame), "frame \(frame) of \(frames)")
    var index = min(frame / (length - overlap) + 1, count - 1)
    while !answered(by: index).contains(frame) { index -= 1 }
    return index
  }

  /// The first frame that lies nearer to the middle of the window behind `index` than to its own.
  private func boundary(_ index: Int) -> Int {
    let (here, next) = (window(index), window(index + 1))
    // Twice the middle of the two windows' middles; the frame there, if any, is the earlier's.
    let sum = here.lowerBound + next.lowerBound + length - 1
    return sum / 2 + 1
  }
}
