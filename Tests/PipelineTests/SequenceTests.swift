import Lattice
import LatticeSupport
import MeanField
import Pipeline
import TestSupport
import Testing
import Unaries

/// Frames that are refined over time.
@Suite struct SequenceTests {
  // MARK: Windows

  @Test("each frame is answered once, in order, by the window whose middle is nearest")
  func answers() throws {
    for frames in 1...23 {
      for window in 2...9 {
        for overlap in 0..<window {
          let windows = SequenceWindows(
            frames: frames, try SequenceSettings("window=\(window),overlap=\(overlap)"))
          let answered = (0..<windows.count).flatMap { index in windows.answered(by: index) }
          #expect(answered == Array(0..<frames))
          for frame in 0..<frames {
            // Twice the distance, in whole numbers.
            let distances = (0..<windows.count).map { index in
              let range = windows.window(index)
              return abs(2 * frame - range.lowerBound - range.upperBound + 1)
            }
            let nearest = distances.firstIndex(of: distances.min() ?? 0)
            #expect(windows.answering(frame) == nearest)
            #expect(windows.window(windows.answering(frame)).contains(frame))
          }
        }
      }
    }
  }

  @Test(
    "settings that cannot be are refused",
    arguments: [
      ("window=1", "2"), ("window=4,overlap=4", "nothing"), ("time=0", "above 0"),
      ("windows=4", "window"), ("window", "key=value"),
    ])
  func settings(text: String, problem: String) throws {
    #expect(errorText { _ = try SequenceSettings(text) }.contains(problem))
  }

  @Test("time stands beside the bandwidths of a frame, unless a kernel has its own")
  func bandwidths() throws {
    func spatial(_ text: String) throws -> [Float]? {
      let plan = try Plan(CRFModel(terms: [CRFModel.Term("bilateral:weight=1,color=3,\(text)")]))
        .overFrames(time: 2.5)
      return plan.models.first?.terms[0].kernel.settings.bandwidths("spatial")?.values
    }
    #expect(try spatial("spatial=6") == [6, 6, 2.5])
    #expect(try spatial("spatial=6x7") == [6, 7, 2.5])
    #expect(try spatial("spatial=6x7x1") == [6, 7, 1])
    #expect(errorText { _ = try spatial("spatial=6mm") }.contains("millimetres"))
  }

  @Test("steps that compare the pixels of one image are refused, those of single pixels are not")
  func steps() throws {
    let kept = try PreparedPlan(Plan(["temperature:value=2", "crf", "majority"]))
    #expect(throws: Never.self) { try kept.overFrames() }
    for step in ["guided:radius=2", "band:width=2,of=crf"] {
      let plan = try PreparedPlan(Plan([step]))
      #expect(errorText { _ = try plan.overFrames() }.contains("sequences are for crf"))
    }
  }

  // MARK: Against volumes

  private static let model = Plan(
    CRFModel(
      terms: [
        try! CRFModel.Term("gaussian:weight=2,spatial=2"),
        try! CRFModel.Term("bilateral:weight=3,spatial=8,color=20"),
      ], iterations: 4))

  private static func prepared(_ time: Float = 1.5) throws -> PreparedPlan {
    try PreparedPlan(model.overFrames(time: time))
  }

  private static func request(_ threads: Int = 2) -> RefinementRequest {
    RefinementRequest(parallelism: Parallelism(threads: threads))
  }

  private static func results(
    _ pan: Pan, _ settings: String, along direction: FlowField.Direction? = nil,
    plan: PreparedPlan? = nil, threads: Int = 2
  ) throws -> [PreparedPlan.Result] {
    var run = try SequenceRun(
      plan ?? prepared(),
      over: SequenceWindows(frames: pan.count, SequenceSettings(settings)),
      along: direction, request(threads))
    return try (0..<pan.count).map { frame in
      try run.result(of: frame) { try pan.frame($0, direction ?? .forward) }
    }
  }

  @Test("each frame has the marginals that its window has as a volume")
  func volumes() throws {
    let pan = Pan(count: 7)
    let windows = SequenceWindows(frames: 7, try SequenceSettings("window=4,overlap=2"))
    let results = try Self.results(pan, "window=4,overlap=2")
    let plan = try Self.prepared()
    for index in 0..<windows.count {
      let frames = try windows.window(index).map { try pan.frame($0, .forward) }
      let grid = try GridShape([frames.count, Pan.height, Pan.width])
      let rgb = frames.flatMap { frame -> [UInt8] in
        guard case .bytes(let values) = frame.scene.image?.pixels else { return [] }
        return values
      }
      let volume = Scene(try Image(grid: grid, channels: 3, pixels: .bytes(rgb)))
      let energies = try EnergyField(
        grid: grid,
        values: ChannelField(
          points: grid.count, channels: Pan.labelCount,
          rows: frames.flatMap { $0.energies.values.rows() }))
      let whole = try plan.run(energies, over: volume, Self.request())
      let rows = whole.marginals.values.rows()
      let size = Pan.grid.count * Pan.labelCount
      for frame in windows.answered(by: index) {
        let place = frame - windows.window(index).lowerBound
        #expect(
          results[frame].marginals.values.rows() == Array(rows[place * size..<(place + 1) * size]))
      }
    }
  }

  @Test("results are the same bits for any number of threads")
  func threads() throws {
    let pan = Pan(count: 5)
    let one = try Self.results(pan, "window=4", along: .forward, threads: 1)
    let four = try Self.results(pan, "window=4", along: .forward, threads: 4)
    for (first, second) in zip(one, four) {
      #expect(first.marginals.values.rows() == second.marginals.values.rows())
    }
  }

  @Test("label filters see each frame by itself")
  func filters() throws {
    let pan = Pan(count: 4)
    // A component of so many pixels would be a larger one over several frames.
    let filter = "components:minimum=40,replace=neighbour"
    let plain = try Self.results(pan, "window=4")
    let cleaned = try Self.results(
      pan, "window=4",
      plan: PreparedPlan(
        Plan(steps: Self.model.overFrames(time: 1.5).steps + Plan([filter]).steps)))
    let alone = try PreparedPlan(Plan([filter]))
    for frame in 0..<pan.count {
      let expected = try alone.clean(plain[frame].labels, over: Scene(grid: Pan.grid))
      #expect(cleaned[frame].labels == expected)
      #expect(cleaned[frame].labels != plain[frame].labels)
    }
  }

  @Test("each frame is read once, and no sooner than its window needs it")
  func reading() throws {
    let pan = Pan(count: 12)
    var run = try SequenceRun(
      Self.prepared(), over: SequenceWindows(frames: 12, SequenceSettings("window=4,overlap=2")),
      Self.request())
    var read: [Int] = []
    for frame in 0..<12 {
      _ = try run.result(of: frame) {
        read.append($0)
        return try pan.frame($0, .forward)
      }
      #expect(read.count <= frame + 4)
    }
    #expect(read == Array(0..<12))
  }

  @Test("a frame of another size is refused by its name, and other windows are refined")
  func sizes() throws {
    let pan = Pan(count: 9)
    var run = try SequenceRun(
      Self.prepared(), over: SequenceWindows(frames: 9, SequenceSettings("window=3,overlap=0")),
      Self.request(), name: { "f\($0)" })
    for frame in 0..<9 {
      let text = errorText {
        _ = try run.result(of: frame) { number in
          guard number == 4 else { return try pan.frame(number, .forward) }
          let grid = GridShape(width: 3, height: 3)
          return SequenceRun.Frame(
            scene: Scene(grid: grid),
            energies: try EnergyField(
              grid: grid, labelCount: Pan.labelCount,
              planes: [Float](repeating: 0, count: 9 * Pan.labelCount)))
        }
      }
      #expect((3..<6).contains(frame) == text.contains("f4: has the size 3×3"), "\(text)")
    }
  }

  // MARK: Motion

  @Test("flow that is the same everywhere moves each frame by its distance from the middle")
  func translation() throws {
    let grid = GridShape(width: 9, height: 7)
    for direction in FlowField.Direction.allCases {
      let sign: Float = direction == .forward ? 1 : -1
      let vectors = (0..<grid.count).flatMap { _ in [sign * 1.5, sign * -0.5] }
      let flow = try FlowField(grid: grid, vectors: vectors)
      let moved = Motion(over: grid, parallelism: .serial).displacements(
        [FlowField?](repeating: flow, count: 5), direction)
      for frame in 0..<5 {
        for point in 0..<grid.count {
          let index = 3 * (frame * grid.count + point)
          let steps = Float(2 - frame)
          #expect(Array(moved[index..<index + 3]) == [0, steps * -0.5, steps * 1.5])
        }
      }
    }
  }

  @Test("against its direction, flow is inverted")
  func inversion() throws {
    let grid = GridShape(width: 40, height: 30)
    // It differs between neighbours by up to 0.16 pixels.
    let vectors = (0..<grid.count).flatMap { point -> [Float] in
      let (x, y) = (Float(point % 40), Float(point / 40))
      return [2 * (x / 40) * (1 - x / 40) * 4, 1 + y / 30]
    }
    let flow = try FlowField(grid: grid, vectors: vectors)
    // The last frame has no flow of its own: that of the middle is inverted for it.
    let moved = Motion(over: grid, parallelism: .serial).displacements(
      [nil, flow, nil], .forward)
    let last = 2 * grid.count
    for y in 6..<28 {
      for x in 12..<36 {
        let index = 3 * (last + y * 40 + x)
        let source = SIMD2(Float(x) + moved[index + 2], Float(y) + moved[index + 1])
        let vector = SIMD2(2 * (source.x / 40) * (1 - source.x / 40) * 4, 1 + source.y / 30)
        let reached = source + vector
        // 0.2⁶ of a step of 3 pixels, and what interpolation between pixels leaves out of a
        // parabola: 1/8 of its second derivative, 0.01.
        #expect(abs(reached.x - Float(x)) < 0.003 && abs(reached.y - Float(y)) < 0.003)
      }
    }
  }

  @Test("unknown flow leaves pixels where they are")
  func unknown() throws {
    let grid = GridShape(width: 2, height: 1)
    let flow = try FlowField(grid: grid, vectors: [.nan, 1, 0.25, 0])
    #expect(flow.vector(0) == nil)
    let moved = Motion(over: grid, parallelism: .serial).displacements([flow, nil], .forward)
    #expect(moved == [0, 0, 0, 0, 0, 0.25, 0, 0, 0, 0, 0, 0])
  }

  // MARK: Flicker

  @Test("flicker counts changed labels in place, and along the flow")
  func flicker() throws {
    let grid = GridShape(width: 4, height: 1)
    let first = try LabelMap(grid: grid, labels: [0, 1, 2, 2])
    let second = try LabelMap(grid: grid, labels: [3, 0, 1, 2])
    var still = Flicker()
    still.add(Flicker.Frame(first), then: Flicker.Frame(second), along: nil)
    #expect((still.compared, still.changed) == (4, 3))
    #expect(still.share == 0.75)
    // One to the right: the last leaves the picture, and nobody knows of the third.
    let forward = try FlowField(grid: grid, vectors: [1, 0, 1, 0, .nan, 0, 1, 0])
    var moving = Flicker()
    moving.add(Flicker.Frame(first, flow: forward), then: Flicker.Frame(second), along: .forward)
    #expect((moving.compared, moving.changed) == (2, 0))
    let backward = try FlowField(grid: grid, vectors: [-1, 0, -1, 0, -1, 0, -1, 0])
    let mask = try PointMask(grid: grid, isCounted: [true, false, true, true])
    var masked = Flicker()
    masked.add(
      Flicker.Frame(first, mask: mask),
      then: Flicker.Frame(second, mask: mask, flow: backward), along: .backward)
    // 2 → 1 is left out, 3 → 2 is 2 and 2.
    #expect((masked.compared, masked.changed) == (1, 0))
    #expect(Flicker().share == nil)
  }

  @Test("over time, flicker falls and fewer labels are wrong; along the flow still fewer")
  func gain() throws {
    let pan = Pan(count: 10)
    let alone = try (0..<pan.count).map { number in
      let frame = try pan.frame(number, .forward)
      return try PreparedPlan(Self.model).run(frame.energies, over: frame.scene, Self.request())
        .labels
    }
    let still = try Self.results(pan, "window=6,overlap=3").map(\.labels)
    let forward = try Self.results(pan, "window=6,overlap=3", along: .forward).map(\.labels)
    let backward = try Self.results(pan, "window=6,overlap=3", along: .backward).map(\.labels)
    let figures = try [alone, still, forward, backward].map { try pan.figures($0) }
    for (before, after) in [(0, 1), (1, 2), (1, 3)] {
      #expect(figures[after].flicker < figures[before].flicker, "\(figures)")
      #expect(figures[after].wrong < figures[before].wrong, "\(figures)")
    }
    // Noise is independent between frames: the mean over some has a fraction of it.
    for along in 2...3 { #expect(2 * figures[along].wrong < figures[0].wrong, "\(figures)") }
  }
}

/// A camera that moves over a floor of tiles: frames with flow, and noise of their own.
private struct Pan {
  static let (width, height, labelCount) = (48, 36, 3)
  static let grid = GridShape(width: width, height: height)
  /// Pixels from one frame to the next: the floor moves to the left and up.
  private static let step = (x: 3, y: 1)

  let count: Int

  private func label(_ frame: Int, _ point: Int) -> UInt16 {
    let x = point % Self.width + frame * Self.step.x
    let y = point / Self.width + frame * Self.step.y
    return UInt16((x / 11 + 2 * (y / 9)) % 3)
  }

  func frame(_ number: Int, _ direction: FlowField.Direction) throws -> SequenceRun.Frame {
    var generator = SeededGenerator(seed: UInt64(100 + number))
    var rgb: [UInt8] = []
    var planes = [Float](repeating: 0, count: Self.labelCount * Self.grid.count)
    // What a network is unsure about is alike in a cell of the frame.
    let cells = (0..<Self.labelCount * 48).map { _ in 1.2 * generator.normal() }
    for point in 0..<Self.grid.count {
      let truth = Int(label(number, point))
      for channel in 0..<3 {
        rgb.append(UInt8(90 + 24 * ((truth + channel) % 3) + Int(30 * generator.uniform())))
      }
      for label in 0..<Self.labelCount {
        planes[label * Self.grid.count + point] =
          (label == truth ? -1.2 : 0) + 0.3 * generator.normal()
          + cells[label * 48 + point / Self.width / 6 * 8 + point % Self.width / 6]
      }
    }
    let sign: Float = direction == .forward ? -1 : 1
    let vector = [sign * Float(Self.step.x), sign * Float(Self.step.y)]
    return SequenceRun.Frame(
      scene: Scene(try Image(width: Self.width, height: Self.height, rgb: rgb)),
      energies: try EnergyField(grid: Self.grid, labelCount: Self.labelCount, planes: planes),
      flow: try FlowField(grid: Self.grid, vectors: (0..<Self.grid.count).flatMap { _ in vector }))
  }

  /// The share of labels that change along the flow, and how many are wrong.
  func figures(_ maps: [LabelMap]) throws -> (flicker: Double, wrong: Int) {
    var flicker = Flicker()
    for (number, (first, second)) in zip(maps, maps.dropFirst()).enumerated() {
      flicker.add(
        Flicker.Frame(first, flow: try frame(number, .forward).flow), then: Flicker.Frame(second),
        along: .forward)
    }
    let wrong = maps.enumerated().reduce(0) { sum, map in
      sum + map.element.labels.indices.count { map.element.labels[$0] != label(map.offset, $0) }
    }
    return (flicker.share ?? 0, wrong)
  }
}
