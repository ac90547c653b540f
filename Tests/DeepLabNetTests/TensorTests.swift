import DeepLabNet
import Testing

@Suite struct TensorTests {
  @Test func aCopyKeepsItsValues() {
    let shape = TensorShape(height: 1, width: 2, channels: 2)
    let original = Tensor(shape, values: [1, 2, 3, 4])
    var copy = original
    copy[0, 0, 1, 0] = 9
    #expect(original.values() == [1, 2, 3, 4])
    #expect(copy.values() == [1, 2, 9, 4])
  }
}
