import Foundation
import LatticeSupport
import TestSupport
import Testing
import Unaries

@Suite("Axes of score arrays")
struct ScoreAxesTests {
  /// An image of 6×4 pixels, read along two axes.
  private static func picture(_ rank: Int) -> GridShape? {
    rank == 2 ? GridShape(width: 6, height: 4) : nil
  }

  private static func volume(_ rank: Int) -> GridShape? {
    rank == 3 ? try? GridShape([2, 4, 6]) : nil
  }

  @Test(
    "axes of length 1 are left out where the rest fits the image",
    arguments: [
      ([1, 3, 4, 6], ChannelLayout.channelsFirst, [0], [3, 4, 6]),
      ([3, 1, 4, 6], .channelsFirst, [1], [3, 4, 6]),
      ([1, 3, 1, 4, 6], .channelsFirst, [0, 2], [3, 4, 6]),
      ([1, 4, 6, 3], .channelsLast, [0], [4, 6, 3]),
      ([4, 6, 1, 3], .channelsLast, [2], [4, 6, 3]),
      // Coarse scores as well.
      ([1, 3, 2, 3], .channelsFirst, [0], [3, 2, 3]),
      ([3, 4, 6], .channelsFirst, [], [3, 4, 6]),
    ])
  func singleton(shape: [Int], layout: ChannelLayout, dropped: [Int], rest: [Int]) throws {
    let axes = try ScoreAxes(shape, layout: layout, image: Self.picture)
    #expect(axes.dropped == dropped)
    #expect(axes.form.shape == rest)
    #expect(axes.form.labelCount == 3)
    #expect(!axes.isForeground)
  }

  @Test("a grid that is 1 long stays, and a batch of a volume goes")
  func kept() throws {
    let thin = try ScoreAxes([3, 1, 6], layout: .channelsFirst) {
      $0 == 2 ? GridShape(width: 6, height: 1) : nil
    }
    #expect(thin.dropped.isEmpty)
    let volume = try ScoreAxes([1, 3, 2, 4, 6], layout: .channelsFirst, image: Self.volume)
    #expect(volume.form.shape == [3, 2, 4, 6])
    // Without an image, a leading 1 is a batch and no label.
    #expect(try ScoreAxes([1, 3, 4, 6], layout: .channelsFirst).form.shape == [3, 4, 6])
    #expect(try ScoreAxes([3, 1, 4, 6], layout: .channelsFirst).dropped.isEmpty)
  }

  @Test(
    "one channel is refused with what it is and how to say so",
    arguments: [[4, 6], [1, 4, 6], [1, 1, 4, 6], [2, 3], [1, 2, 3]])
  func oneChannel(shape: [Int]) {
    let text = errorText {
      _ = try ScoreAxes(shape, layout: .channelsFirst, image: Self.picture)
    }
    #expect(text.contains("is one channel"), "\(text)")
    #expect(text.contains("add the reading as a single channel"), "\(text)")
    #expect(text.contains("the score kind 'labels'"), "\(text)")
  }

  @Test("one label without an image is refused as well")
  func oneLabel() {
    for shape in [[1, 4, 6], [1, 9]] {
      let text = errorText { _ = try ScoreAxes(shape, layout: .channelsFirst) }
      #expect(text.contains("the reading as a single channel"))
    }
  }

  @Test(
    "the foreground's channel is one of two labels, whatever axes of length 1 it has",
    arguments: [[4, 6], [1, 4, 6], [4, 6, 1], [1, 1, 4, 6]], ChannelLayout.allCases)
  func foreground(shape: [Int], layout: ChannelLayout) throws {
    for image in [Self.picture, nil] as [((Int) -> GridShape?)?] {
      let axes = try ScoreAxes(shape, layout: layout, isForeground: true, image: image)
      #expect(axes.isForeground)
      #expect(axes.form.shape == [2, 4, 6])
    }
  }

  @Test("several channels are not the foreground's")
  func severalChannels() {
    let text = errorText {
      _ = try ScoreAxes([3, 4, 6], layout: .channelsFirst, isForeground: true, image: Self.picture)
    }
    #expect(text.contains("(3, 4, 6), but is to be one channel"), "\(text)")
  }

  @Test("a box of the arranged scores is that of the array, labels and points")
  func boxes() throws {
    let values = (0..<72).map(Float.init)
    let array = try NumericArray(shape: [3, 1, 4, 6], values: values)
    let axes = try ScoreAxes(array.shape, layout: .channelsFirst, image: Self.picture)
    let arranged = try ArrangedScores(
      array, axes: axes, foreground: ForegroundChannel(kind: .logits))
    #expect(try arranged.array() == NumericArray(shape: [3, 4, 6], values: values))
    #expect(try arranged.read([1..<3, 2..<3, 4..<6]).values == [40, 41, 64, 65])

    let channel = try NumericArray(shape: [1, 2, 2], values: [0.25, 0.5, 1, 0])
    let found = try ScoreAxes(channel.shape, layout: .channelsFirst, isForeground: true)
    let two = try ArrangedScores(
      channel, axes: found, foreground: ForegroundChannel(kind: .probabilities))
    #expect(two.shape == [2, 2, 2])
    #expect(try two.array().values == [0.75, 0.5, 0, 1, 0.25, 0.5, 1, 0])
    #expect(try two.read([1..<2, 1..<2, 0..<2]).values == [1, 0])
    #expect(try two.read([0..<2, 0..<1, 1..<2]).values == [0.5, 0.5])
  }
}

@Suite("One channel of scores")
struct ForegroundTests {
  private let grid = GridShape(width: 3, height: 1)

  private func energies(_ values: [Float], _ kind: ScoreKind) throws -> [Float] {
    try ScoreMapUnary(foreground: NumericArray(shape: [1, 3], values: values), kind: kind)
      .energies(for: Scene(grid: grid)).values.planes()
  }

  private func two(_ planes: [Float], _ kind: ScoreKind) throws -> [Float] {
    try ScoreMapUnary(
      NumericArray(shape: [2, 1, 3], values: planes), kind: kind, layout: .channelsFirst
    ).energies(for: Scene(grid: grid)).values.planes()
  }

  @Test("a logit is that of label 1 beside 0, a probability that beside the rest")
  func meaning() throws {
    #expect(try energies([-2, 0, 3], .logits) == two([0, 0, 0, -2, 0, 3], .logits))
    #expect(
      try energies([0, 0.5, 0.75], .probabilities)
        == two([1, 0.5, 0.25, 0, 0.5, 0.75], .probabilities))
  }

  @Test("a leading axis of length 1 makes no difference")
  func leadingAxis() throws {
    let array = try NumericArray(shape: [1, 2, 3], values: [1, 2, 3, 4, 5, 6])
    let unary = try ScoreMapUnary(foreground: array, kind: .logits)
    #expect(unary.nativeGrid == GridShape(width: 3, height: 2))
    #expect(unary.labelCount == 2)
  }

  @Test("an infinite logit leaves one label")
  func infinite() throws {
    let energies = try energies([.infinity, -.infinity, 0], .logits)
    let none = Double(Float(1e30))
    // A logarithm of a sum of two exponentials: some roundings of floats below 1.
    #expect(largestDifference(energies, [none, 0, log(2), 0, none, log(2)]) < 1e-6)
  }

  @Test("8 bits and values slightly outside are divided and clipped where that is asked for")
  func scaled() throws {
    let channel = try ForegroundChannel(kind: .probabilities, one: 255)
    #expect(try channel.labels([0, 255, 51]) == [1, 0, 0.8, 0, 1, 0.2])
    let clipped = try ForegroundChannel(kind: .probabilities, one: 1).labels([-0.1, 1.2])
    #expect(clipped == [1, 0, 0, 1])
  }

  @Test("what is no score of a foreground is refused with a way out")
  func refused() throws {
    #expect(errorText { _ = try energies([0, 0, 0], .energies) }.contains("background's"))
    let large = errorText { _ = try energies([0, 7, 0], .probabilities) }
    #expect(large.contains("7.0") && large.contains("normalization of the scores"), "\(large)")
    #expect(large.contains("the score kind 'logits'"), "\(large)")
    #expect(errorText { _ = try energies([0, .nan, 0], .logits) }.contains("nan"))
  }
}
